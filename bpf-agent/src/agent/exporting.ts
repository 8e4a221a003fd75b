import type { InstrumentsOf, Registry } from "@skopos/metrics";
import type { AgentConfig, EndpointConfig } from "../config/agent-config.ts";
import { Batches } from "../export/batch.ts";
import { Endpoint } from "../export/endpoint.ts";
import { Exporter } from "../export/exporter.ts";
import { GrpcSender } from "../export/grpc-sender.ts";
import { HttpSender } from "../export/http-sender.ts";
import type { Sender } from "../export/sender.ts";
import type { Doorbell, SpanChannel } from "../export/span-channel.ts";
import type { catalogue } from "./catalogue.ts";
import { measureChannel } from "./channels.ts";

type Metrics = InstrumentsOf<typeof catalogue>;

/** The sender of an endpoint's protocol. */
export const senderOf = (config: EndpointConfig): Sender =>
  config.protocol === "grpc" ? new GrpcSender(config) : new HttpSender(config);

/** What an exporter is made of. */
export interface Exporting {
  readonly config: AgentConfig;
  readonly channels: readonly SpanChannel[];
  readonly bell: Doorbell;
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly sender: (config: EndpointConfig) => Sender;
  readonly log: (line: string) => void;
}

/** Makes the exporter, and the metrics of its endpoints and channels. */
export function makeExporter({ config, channels, bell, registry, metrics, sender, log }: Exporting): Exporter {
  const endpoints = config.export.endpoints.map((endpoint) => makeEndpoint(endpoint, sender(endpoint), metrics, log));
  const batches = new Batches(config.resource, config.export.maxSpans);
  const made = endpoints.map(({ endpoint }) => endpoint);
  const exporter = new Exporter(channels, bell, made, batches, config.export, (spans) =>
    metrics.batchSize.observe(spans),
  );
  measureChannel("export", channels, registry, metrics);
  registry.onCollect(() => {
    for (const { endpoint, inFlight } of endpoints) inFlight.set(endpoint.inFlight);
  });
  return exporter;
}

function makeEndpoint(config: EndpointConfig, sender: Sender, metrics: Metrics, log: Exporting["log"]) {
  const label = { endpoint: config.name };
  const [exported, latency] = [metrics.exported.with(label), metrics.exportLatency.with(label)];
  const failures = metrics.exportFailures.with(label);
  let lastFailure = "";
  const endpoint = new Endpoint(sender, config, {
    exported(spans, seconds) {
      exported.inc(spans);
      latency.observe(seconds);
      if (lastFailure !== "") log(`export to ${config.url} works again`);
      lastFailure = "";
    },
    lost: (spans, cause) => metrics.lost.inc({ ...label, cause }, spans),
    failed(why) {
      failures.inc();
      if (why !== lastFailure) log(`export to ${config.url} fails: ${why}`);
      lastFailure = why;
    },
  });
  return { endpoint, inFlight: metrics.inFlight.with(label) };
}
