import { type Block, block, call, component, ref, type Value } from "../../lib/alloy/index.ts";
import { type ApplicationTelemetry, collectorPorts } from "../../lib/otel/index.ts";

/** Ports for applications, by the name that Services and probes use. */
export const otlpPorts = {
  "otlp-grpc": collectorPorts["otlp-grpc"],
  "otlp-http": collectorPorts["otlp-http"],
} as const;

/** Components of the collector by their names there: Alloy has the same, with names of its own. */
const components: Readonly<Record<string, readonly [name: string, label: string]>> = {
  otlp: ["otelcol.receiver.otlp", "applications"],
  memory_limiter: ["otelcol.processor.memory_limiter", "applications"],
  resource_detection: ["otelcol.processor.resourcedetection", "applications"],
  k8s_attributes: ["otelcol.processor.k8sattributes", "applications"],
  "transform/clean-attrs": ["otelcol.processor.transform", "applications"],
  batch: ["otelcol.processor.batch", "applications"],
  load_balancing: ["otelcol.exporter.loadbalancing", "gateway"],
  "load_balancing/metrics": ["otelcol.exporter.loadbalancing", "metrics"],
  "load_balancing/service": ["otelcol.exporter.loadbalancing", "services"],
  otlp_grpc: ["otelcol.exporter.otlp", "gateway"],
};

/** OTLP of applications as a collector has it, in Alloy's syntax. */
export function otlp({ receivers, processors, exporters, routes }: ApplicationTelemetry): Block[] {
  const order = Object.keys(processors);
  const everything = (next: string | undefined) =>
    output(next === undefined ? routes : { traces: [next], metrics: [next], logs: [next] });
  return [
    ...Object.entries(receivers).map(([name, settings]) =>
      named(name, protocols(settings as Settings), everything(order[0])),
    ),
    ...Object.entries(processors).map(([name, settings], index) =>
      named(name, settings as Settings, everything(order[index + 1])),
    ),
    ...Object.entries(exporters).map(([name, settings]) => named(name, client(settings as Settings))),
  ];
}

/** Where each signal goes: to the inputs of these components. */
function output(to: ApplicationTelemetry["routes"]): Block {
  const inputs = (names: readonly string[]) => names.map((name) => ref(`${place(name).join(".")}.input`));
  return block("output", { traces: inputs(to.traces), metrics: inputs(to.metrics), logs: inputs(to.logs) });
}

function place(name: string): readonly [name: string, label: string] {
  const found = components[name];
  if (!found) throw new RangeError(`no component of Alloy for ${name}`);
  return found;
}

type Settings = { readonly [key: string]: Setting };
type Setting = string | number | boolean | readonly Setting[] | Settings;

const isSettings = (value: Setting | undefined): value is Settings =>
  typeof value === "object" && !Array.isArray(value);

function named(name: string, settings: Settings, ...more: readonly Block[]): Block {
  const { attributes, blocks } = translated(settings);
  return component(...place(name), attributes, [...blocks, ...more]);
}

/** Settings whose names differ. Amounts are text with a unit. */
const renamed: Readonly<Record<string, (value: Setting) => readonly [name: string, value: Value]>> = {
  max_recv_msg_size_mib: (value) => ["max_recv_msg_size", `${value}MiB`],
  limit_mib: (value) => ["limit", `${value}MiB`],
  spike_limit_mib: (value) => ["spike_limit", `${value}MiB`],
  node_from_env_var: (value) => ["node", call("sys.env", value as string)],
};

const renamedBlocks: Readonly<Record<string, string>> = { sources: "source", k8s: "kubernetes" };

/** A map of settings becomes a block, a list of maps as many blocks, and all else an attribute. */
function translated(settings: Settings): { attributes: Record<string, Value>; blocks: Block[] } {
  const attributes: Record<string, Value> = {};
  const blocks: Block[] = [];
  for (const [key, value] of Object.entries(settings)) {
    const maps = (Array.isArray(value) ? value : [value]) as readonly Setting[];
    if (maps.length > 0 && maps.every(isSettings)) {
      for (const each of maps) {
        const inner = translated(each);
        blocks.push(block(renamedBlocks[key] ?? key, inner.attributes, inner.blocks));
      }
      continue;
    }
    const [name, changed] = renamed[key]?.(value) ?? [key, value as Value];
    attributes[name] = changed;
  }
  return { attributes, blocks };
}

/** A receiver's protocols are blocks of the component itself. */
const protocols = ({ protocols, ...settings }: Settings): Settings => ({ ...settings, ...(protocols as Settings) });

/** Of exporters, the connection is a block of its own, and inside a load balancer queue and retries have other names. */
function client({ endpoint, tls, protocol, ...settings }: Settings): Settings {
  if (!isSettings(protocol)) return { client: { endpoint, tls } as Settings, ...settings };
  const { tls: inner, sending_queue: queue, retry_on_failure: retry } = protocol.otlp as Settings;
  return { ...settings, protocol: { otlp: { client: { tls: inner }, queue, retry } as Settings } };
}
