/** The agent as it ships, as a process of its own, and what it exports to: the real collector, and the spans that arrive behind it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { stringify } from "yaml";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { until } from "../../test/support/wait.ts";
import { builtAddon } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-agent-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

export interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** Spans by attribute, as the collector gives them out again. */
export async function sink(host: string) {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      for (const { scopeSpans } of JSON.parse(Buffer.concat(parts).toString()).resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  server.listen(4318, host);
  await once(server, "listening");
  return { spans, close: () => server.close() };
}

export const attributesOf = (span: Span): Record<string, string | number> =>
  Object.fromEntries(
    span.attributes.map(({ key, value }) => [
      key,
      value.stringValue !== undefined ? String(value.stringValue) : Number(value.intValue ?? Number.NaN),
    ]),
  );

/** A collector that takes spans on one address and hands them on to another. */
export async function collector(host: string, backend: string): Promise<RunningProgram> {
  const file = join(mkdtempSync(join(folder, "collector-")), "collector.yaml");
  writeFileSync(
    file,
    stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `${host}:4318` } } } },
      exporters: { "otlp_http/sink": { endpoint: `http://${backend}:4318`, encoding: "json", compression: "none" } },
      extensions: { health_check: { endpoint: `${host}:13133` } },
      service: {
        extensions: ["health_check"],
        telemetry: { metrics: { level: "none" } },
        pipelines: { traces: { receivers: ["otlp"], exporters: ["otlp_http/sink"] } },
      },
    }),
  );
  const program = start("otelcol", [`--config=${file}`]);
  await ready(program, `http://${host}:13133/`);
  return program;
}

export interface RunningAgent {
  readonly child: ChildProcess;
  readonly url: string;
  /** Writes its file anew. */
  configure(config: object): void;
  output(): string;
  stop(): Promise<number>;
}

/** @param probe that must succeed before the agent counts as started */
export async function agent(netns: string, config: object, probe = "/readyz"): Promise<RunningAgent> {
  builtAddon();
  const file = join(mkdtempSync(join(folder, "agent-")), "agent.yaml");
  const configure = (next: object) => writeFileSync(file, stringify({ server: { port: 0 }, ...next }));
  configure(config);
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const args = ["--conditions=skopos-source", main, "--config", file, "--netns", netns];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  const url = await until(
    "the agent",
    () => {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
      return /metrics at (\S+)\/metrics/.exec(text)?.[1];
    },
    { explain: () => text },
  );
  await until("the agent to be ready", async () => (await fetch(`${url}${probe}`)).ok, { explain: () => text });
  return {
    child,
    url,
    configure,
    output: () => text,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const [code] = (await exited) as [number];
      return code;
    },
  };
}

/** Sum of a metric's series, of those that `labels` names. */
export async function metric(url: string, name: string, labels = ""): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const wanted = lines.filter((line) => line.includes(labels));
  return wanted.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

export const quick = {
  flows: {
    pollInterval: "200ms",
    recordInterval: "1s",
    timeouts: { tcp: "3s", tcpFin: "500ms", tcpRst: "500ms", udp: "1s", icmp: "500ms", generic: "1s" },
  },
  pollers: { count: 3 },
};

export const sum = (spans: readonly Span[], name: string) =>
  spans.reduce((total, span) => total + Number(attributesOf(span)[name] ?? 0), 0);

/** Waits until so many flows have begun and ended and every span is at the backend or lost, and returns the counters by name. */
export async function settledCounts(url: string, flows: number): Promise<Record<string, number>> {
  const read = async (name: string, labels?: string) => metric(url, `mermin_${name}`, labels);
  await until("all flows to begin", async () => (await read("flow_spans_created_total")) >= flows);
  await until("all flows to end", async () => (await read("flow_spans_active")) === 0);
  await until("all spans to leave", async () => {
    const sent = await read("flow_spans_sent_to_exporter_total");
    const rejected =
      (await read("flow_spans_deferred_total")) + (await read("flow_spans_dropped_export_failure_total"));
    if ((await read("flow_spans_recorded_total")) !== sent + rejected) return false;
    return sent > 0 && sent === (await read("export_spans_total")) + (await read("export_spans_lost_total"));
  });
  return {
    received: await read("ringbuf_packets_total"),
    eventsDropped: await read("flow_events_dropped_backpressure_total"),
    processed: await read("flow_spans_processed_total"),
    invalid: await read("flow_events_invalid_total"),
    created: await read("flow_spans_created_total"),
    veth: await read("flow_spans_created_total", 'interface="veth"'),
    recorded: await read("flow_spans_recorded_total"),
    decorated: await read("flow_spans_decorated_total"),
    undecorated: await read("flow_spans_undecorated_total"),
    sent: await read("flow_spans_sent_to_exporter_total"),
    deferred: await read("flow_spans_deferred_total"),
    dropped: await read("flow_spans_dropped_export_failure_total"),
    exported: await read("export_spans_total"),
    lost: await read("export_spans_lost_total"),
    unfinished: await read("flow_spans_unfinished_total"),
  };
}

export function expectConservation(counts: Record<string, number>): void {
  expect(counts.received).toBe(counts.processed! + counts.invalid! + counts.eventsDropped!);
  expect(counts.recorded).toBe(counts.sent! + counts.deferred! + counts.dropped!);
  expect(counts.recorded).toBe(counts.decorated! + counts.undecorated!);
  expect(counts.sent).toBe(counts.exported! + counts.lost!);
  expect(counts.unfinished).toBe(0);
}
