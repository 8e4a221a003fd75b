import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type Worker } from "node:worker_threads";
import { recordProcessMetrics, sharedRegistry } from "@skopos/metrics";
import type { AgentConfig, EndpointConfig } from "../config/agent-config.ts";
import type { Sender } from "../export/sender.ts";
import { Doorbell, SpanChannel } from "../export/span-channel.ts";
import type { FlowFilter } from "../filter.ts";
import { ShardRings } from "../shard-ring.ts";
import { releaseStartupMemory } from "../startup-memory.ts";
import { startThread } from "../worker-file.ts";
import { catalogue } from "./catalogue.ts";
import { startDecoration } from "./decorating.ts";
import { makeExporter, senderOf } from "./exporting.ts";
import { Health } from "./health.ts";
import type { FromIngest, IngestInput, PollerInput, ToIngest } from "./messages.ts";

/** A running agent. */
export interface Agent {
  /** Rejects when a thread fails. */
  readonly failed: Promise<never>;
  /** Puts another filter in force, for flows that begin from now on. What became of it is logged. */
  setFilter(filter: FlowFilter): void;
  /** Ends all flows, exports what is left within the grace period, and frees everything. */
  stop(): Promise<void>;
}

/** How to run the agent in another way than its configuration says. */
export interface AgentOptions {
  /** Makes the sender of each endpoint. @default by its protocol */
  readonly sender?: (config: EndpointConfig) => Sender;
  /** Serve metrics and probes. @default true */
  readonly serve?: boolean;
}

/**
 * Starts the pipeline: a thread that reads the kernel, one per poller, and the exporter and HTTP server on this one.
 *
 * @param log gets one line for each thing that an operator should know
 * @throws what `FlowReader` throws if the program cannot be loaded
 */
export async function startAgent(
  config: AgentConfig,
  log: (line: string) => void,
  { sender = senderOf, serve = true }: AgentOptions = {},
): Promise<Agent> {
  const registry = sharedRegistry();
  const metrics = registry.register(catalogue);
  recordProcessMetrics(registry);
  const { flows, pollers, server, kubernetes } = config;
  const health = new Health(flows.pollIntervalMs);
  // Before anything else, so that probes get an answer while the program loads.
  const http = serve ? await health.serve(registry, server) : undefined;
  const rings = new ShardRings(pollers.count, pollers.ringBytes);
  const channels = Array.from({ length: pollers.count }, () => SpanChannel.create(config.export.channelBytes));
  const bell = new Doorbell();
  const ports = channels.map(() => new MessageChannel());
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const watch = (thread: Worker) => thread.once("error", (error) => failure.reject(error));

  const ingest = startIngest({
    reader: config.reader,
    pollMs: flows.pollIntervalMs,
    rings: rings.buffers,
    ports: ports.map(({ port1 }) => port1),
  });
  watch(ingest);
  const ready = Promise.withResolvers<Readonly<Record<string, string>>>();
  ingest.on("message", (message: FromIngest) => {
    if ("ready" in message) ready.resolve(message.missing);
    else if ("failed" in message) log(message.failed);
    else if ("filtered" in message) log("the filter was changed");
    else for (const problem of health.scanned(message.problems)) log(problem);
  });
  for (const [what, why] of Object.entries(await Promise.race([ready.promise, failure.promise])))
    log(`${what} does not run here: ${why}`);

  const decoration =
    kubernetes && startDecoration({ options: kubernetes, channels, bell, registry, metrics, health, log });
  if (decoration) watch(decoration.thread);
  const seed = new Uint32Array(randomBytes(16).buffer.slice(0, 16));
  const threads = channels.map((channel, shard) => {
    const { port2 } = ports[shard]!;
    const workerData: PollerInput = {
      options: {
        shard,
        shards: pollers.count,
        flows: flows.max,
        timeouts: flows.timeouts,
        recordIntervalMs: flows.recordIntervalMs,
      },
      ring: rings.buffers[shard]!,
      channel: (decoration?.inputs[shard] ?? channel).buffer,
      bell: (decoration?.bell ?? bell).buffer,
      decorates: decoration !== undefined,
      graceMs: server.gracePeriodMs,
      seed,
      port: port2,
    };
    const thread = startThread(new URL("./poller-thread", import.meta.url), {
      workerData,
      transferList: [port2],
      name: `poller ${shard}`,
    });
    watch(thread);
    return thread;
  });

  const exporter = makeExporter({ config, channels, bell, registry, metrics, sender, log });
  const exporting = exporter.run();
  releaseStartupMemory();
  if (http) log(`watching; metrics at ${http.url}/metrics`);

  const tell = (message: ToIngest) => ingest.postMessage(message);
  const stop = async () => {
    const deadline = performance.now() + server.gracePeriodMs;
    const all = [ingest, ...threads];
    const ended = Promise.all(all.map((thread) => once(thread, "exit"))).then(() => true);
    tell({ stop: true });
    const inTime = await Promise.race([ended, failure.promise, sleep(server.gracePeriodMs, false)]);
    if (!inTime) {
      log("not all open flows could be ended within the grace period: the rest is lost");
      await Promise.all(all.map((thread) => thread.terminate()));
    }
    await decoration?.stop(Math.max(0, deadline - performance.now()));
    exporter.stop(Math.max(0, deadline - performance.now()));
    await exporting;
    await http?.close();
  };
  return { failed: failure.promise, setFilter: (filter) => tell({ filter }), stop };
}

const startIngest = (input: IngestInput): Worker =>
  startThread(new URL("./ingest-thread", import.meta.url), {
    workerData: input,
    transferList: [...input.ports],
    name: "ingest",
  });
