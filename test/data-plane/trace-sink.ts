import { createServer } from "node:http";
import type { CollectorConfig } from "../../lib/otel/index.ts";

/** A span as OTLP's JSON has it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
}

interface Traces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[] }[];
}

/** A trace backend that takes OTLP as JSON, so that a test can read what a collector sent. */
export interface TraceSink {
  /** All spans that it has received so far. */
  readonly spans: readonly ReceivedSpan[];
  /** A gateway's configuration that sends its traces here, in place of the rendered backend. */
  receivesFrom(config: CollectorConfig): CollectorConfig;
  close(): void;
}

/** Starts a sink on port 4318 of a loopback address. */
export async function traceSink(host: string): Promise<TraceSink> {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString()) as Traces;
      for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((listening) => server.listen(4318, host, listening));
  return {
    spans,
    receivesFrom(config) {
      const [rendered] = config.service.pipelines.traces?.exporters ?? [];
      const exporters = Object.fromEntries(Object.entries(config.exporters).filter(([name]) => name !== rendered));
      const sink = { endpoint: `http://${host}:4318`, encoding: "json", compression: "none" };
      const traces = { ...config.service.pipelines.traces, exporters: ["otlp_http/sink"] };
      const pipelines = { ...config.service.pipelines, traces } as CollectorConfig["service"]["pipelines"];
      return {
        ...config,
        exporters: { ...exporters, "otlp_http/sink": sink },
        service: { ...config.service, pipelines },
      };
    },
    close: () => void server.close(),
  };
}
