import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { context, propagation, ROOT_CONTEXT, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { Registry } from "../src/index.ts";
import { startMetricsExport, startTracing, w3cPropagator } from "../src/otel/index.ts";
import type { SubjectName } from "./cases.ts";
import { loadOurs, SHAPES } from "./scrape.ts";
import { percentile } from "./stats.ts";

const service = { name: "bench", instanceId: "0" };

/** A receiver in a process of its own that accepts everything. */
async function startReceiver(): Promise<{ endpoint: string; close: () => void }> {
  const receiver = fork(new URL("./otlp-receiver.ts", import.meta.url), { execArgv: [] });
  const [port] = (await once(receiver, "message")) as [number];
  return { endpoint: `http://127.0.0.1:${port}`, close: () => receiver.kill() };
}

/** 95th percentile of one OTLP export of 10 000 counters, from reading the registry to the receiver's answer, in milliseconds. */
export async function exportOtlp(): Promise<number> {
  const { endpoint, close } = await startReceiver();
  const registry = new Registry({ maxSeries: 50_000 });
  const { touch } = loadOurs(SHAPES["scrape-a"], registry);
  const exporting = startMetricsExport(registry, { service, endpoint });
  const times: number[] = [];
  for (let i = 0; i < 60; i++) {
    touch();
    const start = performance.now();
    await exporting.flush();
    if (i >= 20) times.push(performance.now() - start);
  }
  await exporting.shutdown();
  close();
  return percentile(times, 0.95);
}

/** An order of a hundred lines, as a shop's checkout gets it. */
const body = JSON.stringify({
  order: "b7ad6b7169203331",
  lines: Array.from({ length: 100 }, (_, i) => ({
    sku: `sku-${i}`,
    quantity: i % 5,
    price: i * 1.19,
    tags: ["a", "b", `c${i}`],
  })),
});

/** Reads an order, prices it, signs it, and waits once for the event loop, as a handler waits for its database. */
async function handleOrder(): Promise<string> {
  let signature = "";
  for (let i = 0; i < 20; i++) {
    const order = JSON.parse(body) as { lines: { quantity: number; price: number }[] };
    const total = order.lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    signature = createHash("sha256")
      .update(JSON.stringify({ ...order, total }))
      .digest("hex");
  }
  await new Promise((resolve) => setImmediate(resolve));
  return signature;
}

async function traced(tracer: Tracer, headers: Record<string, string>): Promise<Record<string, string>> {
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  return tracer.startActiveSpan("POST /orders", { kind: SpanKind.SERVER }, parent, async (span) => {
    span.setAttribute("http.request.method", "POST");
    const signature = await handleOrder();
    span.setAttribute("order.signature", signature);
    const outgoing: Record<string, string> = {};
    propagation.inject(context.active(), outgoing);
    span.end();
    return outgoing;
  });
}

/** The same as `startTracing` does, by the SDK's own documentation. */
function bareSdk(endpoint: string): { shutdown: () => Promise<void> } {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.1) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(w3cPropagator());
  trace.setGlobalTracerProvider(provider);
  return provider;
}

/** By how many percent tracing with its defaults (one trace in ten) slows a handler of about a millisecond. */
export async function tracingOverhead(subject: SubjectName): Promise<number> {
  const { endpoint, close } = await startReceiver();
  const tracing = subject === "ours" ? startTracing({ service, endpoint }) : bareSdk(endpoint);
  const tracer = trace.getTracer("bench");
  const batch = async (handle: () => Promise<unknown>): Promise<number> => {
    const start = process.cpuUsage();
    for (let i = 0; i < 50; i++) await handle();
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  const [plain, withTracing]: [number[], number[]] = [[], []];
  for (let i = 0; i < 60; i++) {
    // In turns, the first changing, so that neither has the better place.
    const plainFirst = i % 2 === 0;
    if (plainFirst) plain.push(await batch(handleOrder));
    withTracing.push(await batch(() => traced(tracer, {})));
    if (!plainFirst) plain.push(await batch(handleOrder));
  }
  await tracing.shutdown();
  close();
  // The undisturbed quarter of each, without the first ones.
  const undisturbed = (times: number[]) => percentile(times.slice(10), 0.25);
  return (undisturbed(withTracing) / undisturbed(plain) - 1) * 100;
}
