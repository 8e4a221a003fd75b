import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { WriteStream } from "node:tty";
import { startAgent } from "../agent/agent.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import type { Sender } from "../export/sender.ts";
import { type DecodedSpan, decodeSpans } from "./decode-span.ts";
import { type FlowRow, rowOf } from "./flow-row.ts";
import { rateOf, tableLines } from "./table.ts";

export interface ShowOptions {
  /** One JSON object per record instead of a table. */
  readonly json: boolean;
  /** How long to watch, in milliseconds. @default until the signal */
  readonly forMs?: number | undefined;
  /** Ends watching. */
  readonly signal: AbortSignal;
}

/** How long a flow that ended stays in the live table, in milliseconds. */
const FAREWELL_MS = 5_000;

/** Longest line of a table that goes to a file or pipe. */
const FILE_WIDTH = 160;

/**
 * Runs the agent with a person as its only backend: a live table in a terminal, else one line per record. Ends at the signal, after
 * `forMs`, or when nobody reads any more.
 */
export async function showFlows(
  config: AgentConfig,
  log: (line: string) => void,
  { json, forMs, signal }: ShowOptions,
  out: WriteStream = process.stdout,
): Promise<void> {
  const closed = new AbortController();
  out.on("error", (error: NodeJS.ErrnoException) => {
    // The reader is gone, such as `head`: not an error.
    if (error.code !== "EPIPE") log(`the output failed: ${error.message}`);
    closed.abort();
  });
  const view = json ? jsonView : out.isTTY ? new LiveTable(out) : new PlainTable();
  const sender: Sender = {
    async send(request) {
      if (closed.signal.aborted) return { kind: "refused", why: "the output is closed" };
      const text = view.show([...decodeSpans(request)]);
      if (text !== "" && !out.write(text))
        await Promise.race([once(out, "drain").catch(() => {}), aborted(closed.signal)]);
      return { kind: "accepted", rejected: 0 };
    },
    close() {
      if (!closed.signal.aborted) out.write(view.end());
    },
  };
  const agent = await startAgent(onceConfig(config), log, { sender: () => sender, serve: false });
  const ends = AbortSignal.any([signal, closed.signal]);
  await Promise.race([
    agent.failed,
    forMs === undefined ? aborted(ends) : sleep(forMs, undefined, { signal: ends }).catch(() => {}),
  ]);
  await agent.stop();
}

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, "abort").catch(() => {});
};

/** A record of each active flow about every second, to one endpoint. */
const onceConfig = (config: AgentConfig): AgentConfig => ({
  ...config,
  flows: { ...config.flows, pollIntervalMs: 1_000, recordIntervalMs: 900 },
  export: { ...config.export, maxDelayMs: 100, endpoints: config.export.endpoints.slice(0, 1) },
});

interface View {
  /** @returns what to write for more records */
  show(spans: readonly DecodedSpan[]): string;
  /** @returns what to write at the end */
  end(): string;
}

const jsonView: View = {
  show: (spans) => spans.map((span) => `${JSON.stringify(span)}\n`).join(""),
  end: () => "",
};

/** One line per record, for files and pipes. */
class PlainTable implements View {
  #lines = 0;

  show(spans: readonly DecodedSpan[]): string {
    const [title = "", ...lines] = tableLines(spans.map(rowOf), FILE_WIDTH);
    const before = this.#lines === 0 ? [title] : [];
    this.#lines += lines.length;
    return [...before, ...lines].map((line) => `${line}\n`).join("");
  }

  end(): string {
    return this.#lines === 0 ? "no flows were seen\n" : "";
  }
}

/** A table of the flows that move most, drawn anew with each record. */
class LiveTable implements View {
  readonly #out: WriteStream;
  readonly #rows = new Map<string, { row: FlowRow; at: number }>();
  #drawn = false;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  show(spans: readonly DecodedSpan[]): string {
    const now = performance.now();
    for (const span of spans) this.#rows.set(span.traceId, { row: rowOf(span), at: now });
    for (const [id, { row, at }] of this.#rows) if (row.ended && now - at > FAREWELL_MS) this.#rows.delete(id);
    const first = this.#drawn ? "" : "\x1b[?25l\x1b[2J";
    this.#drawn = true;
    return `${first}\x1b[H${this.#screen()}\x1b[J`;
  }

  end(): string {
    return this.#drawn ? "\x1b[?25h" : "no flows were seen\n";
  }

  #screen(): string {
    const { columns: width = 80, rows: height = 24 } = this.#out;
    const rows = [...this.#rows.values()].map(({ row }) => row).sort((a, b) => rateOf(b) - rateOf(a));
    const [title = "", ...lines] = tableLines(rows.slice(0, Math.max(1, height - 3)), width);
    const summary = `${rows.filter(({ ended }) => !ended).length} open flows; Ctrl-C ends`.slice(0, width);
    const bold = process.env.NO_COLOR ? title : `\x1b[1m${title}\x1b[22m`;
    return [summary, bold, ...lines].map((line) => `${line}\x1b[K\n`).join("");
  }
}
