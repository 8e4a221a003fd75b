import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";

/** Passes spans on, and remembers how that went: an exporter by itself tells nobody. */
export class ObservedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  /** Spans that arrived. */
  exported = 0;
  /** Spans that did not. */
  failed = 0;
  /** Why the last export failed, if one did since the last that succeeded. */
  lastError: Error | undefined;

  constructor(inner: SpanExporter) {
    this.#inner = inner;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) {
        this.exported += spans.length;
        this.lastError = undefined;
      } else {
        this.failed += spans.length;
        this.lastError = result.error ?? new Error("the exporter gave no reason");
      }
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush?.() ?? Promise.resolve();
  }
}
