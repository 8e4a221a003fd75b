import { isKnownLater } from "../lib/formats/index.ts";
import type { CheckedStack } from "./checks.ts";
import type { Problem } from "./problem.ts";
import { configPath, snippet } from "./snippet.ts";

/** A host of the stack. */
interface RoutedHost {
  readonly path: readonly string[];
  readonly host: string;
  /** First label of a host to use instead. */
  readonly name: string;
}

/** Every host at which the stack is reached. */
function hostsOf({ config: { components, alerts } }: CheckedStack): readonly RoutedHost[] {
  const { grafana, prometheus, alertmanager, otelGateway } = components;
  const isOwn = ({ enabled, external }: { enabled: boolean; external?: unknown }) => enabled && !external;
  const found = (path: readonly string[], name: string, host: string | undefined): RoutedHost[] =>
    host === undefined || isKnownLater(host) ? [] : [{ path, name, host }];
  const route = otelGateway.enabled ? otelGateway.route : undefined;
  return [
    ...(isOwn(grafana) ? found(["components", "grafana", "host"], "grafana", grafana.host) : []),
    ...(isOwn(prometheus)
      ? found(["components", "prometheus", "route", "host"], "prometheus", prometheus.route?.host)
      : []),
    ...(prometheus.enabled && !alertmanager.external
      ? found(["alerts", "route", "host"], "alertmanager", alerts.route?.host)
      : []),
    ...found(["components", "otelGateway", "route", "host"], "otlp", route?.host),
    // The gateway itself rejects one host for both protocols.
    ...(route?.grpcHost === route?.host
      ? []
      : found(["components", "otelGateway", "route", "grpcHost"], "otlp-grpc", route?.grpcHost)),
  ];
}

/** Routes take all paths of their host: two of one host hide each other. */
export function sharedHosts(stack: CheckedStack): readonly Problem[] {
  const hosts = hostsOf(stack);
  const taken = hosts.map(({ host }) => host.toLowerCase());
  return hosts.flatMap(({ path, name, host }, index) => {
    const first = hosts[taken.indexOf(host.toLowerCase())];
    if (first === undefined || first === hosts[index]) return [];
    const labels = host.toLowerCase().split(".");
    const domain = (labels.length > 2 ? labels.slice(1) : labels).join(".");
    const free = [name, ...hosts.map((_, number) => `${name}-${number + 2}`)]
      .map((label) => `${label}.${domain}`)
      .find((each) => !taken.includes(each));
    return [
      {
        code: "SKP1272" as const,
        path: configPath(path),
        message: `${host} is ${configPath(first.path)} too: each route takes all paths of its host`,
        fix: snippet(path, free as string),
      },
    ];
  });
}
