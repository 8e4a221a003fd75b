import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type Worker } from "node:worker_threads";
import { type MetricsServer, recordProcessMetrics, serve, sharedRegistry } from "@skopos/metrics";
import type { AgentConfig } from "../config/schema.ts";
import { Exporter } from "../export/exporter.ts";
import { HttpSender } from "../export/http-sender.ts";
import { RequestBuilder } from "../export/request.ts";
import { SpanChannel } from "../export/span-channel.ts";
import { ShardRings } from "../shard-ring.ts";
import { catalogue } from "./catalogue.ts";
import type { FromIngest, IngestInput, PollerInput } from "./messages.ts";
import { startThread } from "./worker-file.ts";

/** How long the ingest thread may be silent before the agent counts as stuck, in milliseconds, beside two scans. */
const SILENCE_MS = 30_000;

/** A running agent. */
export interface Agent {
  /** Where metrics and health checks are. */
  readonly url: string;
  /** Rejects when a thread fails. */
  readonly failed: Promise<never>;
  /** Ends all flows, exports what is left within the grace period, and frees everything. */
  stop(): Promise<void>;
}

/**
 * Starts the pipeline: a thread that reads the kernel, one for each poller, and the exporter and HTTP server on this one.
 *
 * @param log gets one line for each thing that an operator should know
 * @throws what `FlowReader` throws where the program cannot be loaded
 */
export async function startAgent(config: AgentConfig, log: (line: string) => void): Promise<Agent> {
  const registry = sharedRegistry();
  const metrics = registry.register(catalogue);
  recordProcessMetrics(registry);
  const { flows, pollers, server } = config;
  const rings = new ShardRings(pollers.count, pollers.ringBytes);
  const channels = Array.from({ length: pollers.count }, () => SpanChannel.create(config.export.channelBytes));
  const ports = channels.map(() => new MessageChannel());
  const seed = new Uint32Array(randomBytes(16).buffer.slice(0, 16));

  const input: IngestInput = {
    reader: config.reader,
    pollMs: flows.pollIntervalMs,
    rings: rings.buffers,
    ports: ports.map(({ port1 }) => port1),
  };
  const ingest = startThread("ingest-thread", {
    workerData: input,
    transferList: ports.map(({ port1 }) => port1),
    name: "ingest",
  });
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const watch = (thread: Worker) => thread.once("error", (error) => failure.reject(error));
  watch(ingest);
  const state = { scannedAt: Date.now(), problems: [] as readonly string[], scans: 0 };
  const ready = Promise.withResolvers<Readonly<Record<string, string>>>();
  ingest.on("message", (message: FromIngest) => {
    if ("ready" in message) ready.resolve(message.missing);
    else if ("failed" in message) log(`flows could not be ended: ${message.failed}`);
    else if ("scanned" in message) {
      for (const problem of message.problems) if (!state.problems.includes(problem)) log(problem);
      Object.assign(state, { scannedAt: Date.now(), problems: message.problems, scans: state.scans + 1 });
    }
  });
  for (const [what, why] of Object.entries(await Promise.race([ready.promise, failure.promise])))
    log(`${what} does not run here: ${why}`);

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
      channel: channel.buffer,
      seed,
      port: port2,
    };
    const thread = startThread("poller-thread", { workerData, transferList: [port2], name: `poller ${shard}` });
    watch(thread);
    return thread;
  });

  const waiting = metrics.channelSize.with({ channel: "export" });
  const used = metrics.channelUsed.with({ channel: "export" });
  registry.onCollect(() => {
    waiting.set(channels.reduce((sum, { size }) => sum + size, 0));
    used.set(Math.max(...channels.map(({ usedBytes, capacityBytes }) => usedBytes / capacityBytes)));
  });
  let lastFailure = "";
  const exporter = new Exporter(
    channels,
    new HttpSender(config.export.otlp),
    new RequestBuilder(config.resource),
    config.export,
    {
      exported(spans, seconds) {
        metrics.exported.inc(spans);
        metrics.exportLatency.observe(seconds);
        if (lastFailure !== "") log(`export to ${config.export.otlp.endpoint} works again`);
        lastFailure = "";
      },
      lost: (spans, cause) => metrics.lost.inc({ cause }, spans),
      batch: (spans) => metrics.batchSize.observe(spans),
      failed(why) {
        metrics.exportFailures.inc();
        if (why !== lastFailure) log(`export to ${config.export.otlp.endpoint} fails: ${why}`);
        lastFailure = why;
      },
    },
  );
  const exporting = exporter.run();
  const http = await serveAgent(config, state);
  log(`watching; metrics at ${http.url}/metrics`);

  const stop = async () => {
    const all = [ingest, ...threads];
    const ended = Promise.all(all.map((thread) => once(thread, "exit"))).then(() => true);
    ingest.postMessage("stop");
    const inTime = await Promise.race([ended, failure.promise, sleep(server.gracePeriodMs, false)]);
    if (!inTime) {
      log("open flows could not be ended within the grace period: what they have not said yet is lost");
      await Promise.all(all.map((thread) => thread.terminate()));
    }
    exporter.stop(server.gracePeriodMs);
    await exporting;
    await http.close();
  };
  return { url: http.url, failed: failure.promise, stop };

  function serveAgent(
    { server: where }: AgentConfig,
    now: Readonly<{ scannedAt: number; problems: readonly string[]; scans: number }>,
  ): Promise<MetricsServer> {
    const alive = () => Date.now() - now.scannedAt < SILENCE_MS + 2 * flows.pollIntervalMs;
    return serve(registry, {
      host: where.host,
      port: where.port,
      health: {
        live: { ingest: alive },
        ready: { ingest: () => now.scans > 0 && alive(), interfaces: () => now.problems.length === 0 },
      },
    });
  }
}
