import { type ComponentChart, type Peer, partName } from "../../lib/kubernetes/index.ts";
import { mimirPorts } from "./config.ts";

/** Exposes Mimir through an existing Gateway. */
export interface GatewayRouteProps {
  /** Parent Gateway of the route. */
  readonly gateway: { readonly name: string; readonly namespace: string };
  /** Hostnames that the route matches. */
  readonly hostnames: readonly string[];
  /** Pods or addresses of the Gateway's data plane, for network policies. @default "load balancers" */
  readonly from?: Peer;
}

/** Workloads that serve clients; in monolithic mode all three are the same. */
export interface ClientServices {
  readonly writes: string;
  readonly reads: string;
  /** Absent if Mimir evaluates no rules. */
  readonly rules?: string;
}

/** Paths of Mimir's API by workload. The longest matching prefix wins (Gateway API). */
function routes({ writes, reads, rules }: ClientServices): readonly (readonly [path: string, service: string])[] {
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
 * Adds an HTTPRoute for clients outside the cluster, in place of a dedicated reverse proxy. Clients inside the cluster
 * use the Services of distributors and query-frontends directly.
 */
export function gatewayRoute(chart: ComponentChart, props: GatewayRouteProps, services: ClientServices): void {
  chart.add({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: chart.metadata(chart.name, "gateway-route"),
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", ...props.gateway }],
      hostnames: [...props.hostnames],
      rules: routes(services).map(([path, service]) => ({
        matches: [{ path: { type: "PathPrefix", value: path } }],
        backendRefs: [{ group: "", kind: "Service", name: partName(chart, service), port: mimirPorts.http, weight: 1 }],
      })),
    },
  });
  for (const service of new Set(routes(services).map(([, each]) => each))) {
    chart.connects(
      props.from ?? "load balancers",
      chart.pods(service),
      [mimirPorts.http],
      "clients outside the cluster",
    );
  }
}
