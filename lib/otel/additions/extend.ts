import { anywhere, type ComponentChart, type Pods } from "../../kubernetes/index.ts";
import type { CollectorConfig, Pipeline } from "../config.ts";
import type { CollectorProps } from "../props.ts";
import { addressesOf, type Destination, type Listener } from "./addresses.ts";
import type { CollectorAdditions } from "./props.ts";

/** Everything in additions that listens or connects. */
export function connectionsOf({ receivers = {}, exporters = {}, extensions = {} }: CollectorAdditions) {
  const all = [
    addressesOf(receivers, "receivers"),
    addressesOf(exporters, "exporters"),
    addressesOf(extensions, "extensions"),
  ];
  return {
    listeners: all.flatMap(({ listeners }) => listeners),
    destinations: all.flatMap(({ destinations }) => destinations),
  };
}

/** A configuration with the additions. */
export function extendedConfig(config: CollectorConfig, additions: CollectorAdditions): CollectorConfig {
  const { receivers, processors, exporters, connectors, extensions = {}, pipelines = {} } = additions;
  const { service } = config;
  return {
    receivers: { ...config.receivers, ...receivers },
    processors: { ...config.processors, ...processors },
    exporters: { ...config.exporters, ...exporters },
    ...((config.connectors || connectors) && { connectors: { ...config.connectors, ...connectors } }),
    extensions: { ...config.extensions, ...extensions },
    service: {
      ...service,
      extensions: [...service.extensions, ...Object.keys(extensions)],
      pipelines: {
        ...service.pipelines,
        ...Object.fromEntries(
          Object.entries(pipelines).map(([name, added]) => [name, extendedPipeline(service.pipelines[name], added)]),
        ),
      },
    },
  };
}

/** `memory_limiter` stays first and `batch` last: what is refused is not worked on, and what is sent has the final size. */
function extendedPipeline(own: Pipeline | undefined, added: Partial<Pipeline>): Pipeline {
  const { receivers = [], processors = [], exporters = [] } = added;
  const before = own?.processors ?? ["memory_limiter", "batch"];
  const end = before.at(-1) === "batch" ? before.length - 1 : before.length;
  return {
    receivers: [...(own?.receivers ?? []), ...receivers],
    processors: [...before.slice(0, end), ...processors, ...before.slice(end)],
    exporters: [...(own?.exporters ?? []), ...exporters],
  };
}

const reachable = (listeners: readonly Listener[]): readonly Listener[] =>
  listeners.filter(({ loopback }) => !loopback);

/** Name of a listener's port: 15 characters at most. */
function portName({ component, port }: Listener): string {
  const [type = ""] = component.split("/");
  return `${type.toLowerCase().replaceAll("_", "-").slice(0, 9).replace(/-$/, "")}-${port}`;
}

/** Ports and variables that the additions give to the collector's workload and Services. */
export function collectorParts(additions: CollectorAdditions): Pick<CollectorProps, "ports" | "udp" | "env"> {
  const listeners = reachable(connectionsOf(additions).listeners);
  return {
    ports: Object.fromEntries(listeners.map((listener) => [portName(listener), listener.port])),
    udp: listeners.filter(({ udp }) => udp).map(portName),
    env: { ...additions.secrets },
  };
}

/** Declares every connection of the additions. */
export function connectAdditions(chart: ComponentChart, pods: Pods, additions: CollectorAdditions): void {
  const { listeners, destinations } = connectionsOf(additions);
  for (const { component, port, udp } of reachable(listeners))
    chart.connects("any pod", pods, udp ? [] : [port], `telemetry for the receiver ${component}`, udp ? [port] : []);
  const stated = addressesOf({ destinations: { addresses: additions.destinations ?? [] } }, "exporters").destinations;
  for (const { component, port } of [...destinations, ...stated] satisfies readonly Destination[]) {
    chart.connectsOutside(pods, undefined, [port], `telemetry of ${component}`);
    // Exporters such as kafka's do not use the proxy.
    if (chart.cluster.proxy) chart.connects(pods, anywhere, [port], `telemetry of ${component}`);
  }
}
