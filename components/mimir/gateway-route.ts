import { type ComponentChart, type Peer, partName } from "../../lib/kubernetes/index.ts";
import { mimirPorts } from "./config.ts";

/** A Gateway of the cluster that lets clients from outside in. */
export interface GatewayRouteProps {
  /** The Gateway the route hangs on. */
  readonly gateway: { readonly name: string; readonly namespace: string };
  /** Names by which clients know Mimir. */
  readonly hostnames: readonly string[];
  /** The Gateway's own pods or addresses, for the network policies. @default any pod */
  readonly from?: Peer;
}

/** The parts that answer clients; in monolithic mode all three are one. */
export interface ClientParts {
  readonly writes: string;
  readonly reads: string;
  /** Absent where no rule is Mimir's. */
  readonly rules?: string;
}

/** The paths of Mimir's API by part. The longest prefix wins, as the Gateway API says. */
function routes({ writes, reads, rules }: ClientParts): readonly (readonly [path: string, part: string])[] {
  return [
    ["/api/v1/push", writes],
    ["/otlp", writes],
    ["/prometheus", reads],
    ...(rules
      ? ([
          ["/prometheus/api/v1/rules", rules],
          ["/prometheus/api/v1/alerts", rules],
        ] as const)
      : []),
  ];
}

/**
 * Adds an HTTPRoute for clients outside the cluster: what a proxy in front of Mimir would do, done by the Gateway that is
 * there anyway. Clients inside need none: they write to the distributors' Service and read from the query-frontends'.
 */
export function gatewayRoute(chart: ComponentChart, props: GatewayRouteProps, parts: ClientParts): void {
  chart.add({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: chart.metadata(chart.name, "gateway-route"),
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", ...props.gateway }],
      hostnames: [...props.hostnames],
      rules: routes(parts).map(([path, part]) => ({
        matches: [{ path: { type: "PathPrefix", value: path } }],
        backendRefs: [{ group: "", kind: "Service", name: partName(chart, part), port: mimirPorts.http, weight: 1 }],
      })),
    },
  });
  for (const part of new Set(routes(parts).map(([, each]) => each))) {
    chart.connects(props.from ?? "any pod", chart.pods(part), [mimirPorts.http], "clients outside the cluster");
  }
}
