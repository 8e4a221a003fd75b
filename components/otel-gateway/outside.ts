import {
  type ComponentChart,
  type Mount,
  type Pods,
  type Route,
  routeObject,
  type SecretKey,
  selectorLabels,
  service,
  serviceAnnotations,
} from "../../lib/kubernetes/index.ts";
import { type Blocks, collectorName, loadBalancing, otlpReceiver, type Pipeline } from "../../lib/otel/index.ts";
import { otlpMessageBytes } from "../../lib/sizing/index.ts";
import type { OtelGatewayEndpoints } from "./props.ts";

/**
 * How telemetry reaches the gateways from outside the cluster: OTLP over TLS, which ends at the Ingress controller or Gateway, with
 * a token that the gateways themselves check.
 */
export type OutsideRoute = Route & {
  /** Host name of OTLP/HTTP. */
  readonly host: string;
  /**
   * Host name of OTLP/gRPC. Another one than of OTLP/HTTP: a Gateway accepts no HTTPRoute and GRPCRoute of the same host.
   * @default none: clients use OTLP/HTTP
   * @see https://gateway-api.sigs.k8s.io/api-types/grpcroute/#cross-serving
   */
  readonly grpcHost?: string;
  readonly authentication: {
    /** Secret key with the accepted tokens, one in each line. Changes apply without a restart. */
    readonly tokens: SecretKey;
    /**
     * Scheme of the Authorization header. With `Basic`, each token is the base64 of a user name, a colon and a password.
     * @default "Bearer"
     */
    readonly scheme?: "Bearer" | "Basic";
  };
};

/** Ports of the receiver for clients outside the cluster. Those inside use others, without authentication. */
export const outsidePorts = { grpc: 4327, http: 4328 } as const;

const folder = "/etc/otelcol-outside";
const authenticator = "bearertokenauth/outside";
/** Receiver of telemetry from outside. */
export const outsideReceiver = "otlp/outside";

/**
 * Receivers by which the spans of applications arrive at a gateway, each span at one of them. What several gateways receive
 * from outside comes back by the receiver for inside, to the gateway that is responsible.
 */
export const spanReceivers = (outside: Pick<OutsideProps, "gateways"> | undefined): readonly string[] =>
  outside && !outside.gateways ? ["otlp", outsideReceiver] : ["otlp"];

/** The file of tokens. Mounted as a folder, since single files do not change with their Secret. */
export function tokenMount({ authentication: { tokens } }: OutsideRoute): Mount {
  const items = [{ key: tokens.key, path: "tokens" }];
  return {
    volume: { name: "outside-tokens", source: { secret: { secretName: tokens.secret, defaultMode: 0o440, items } } },
    path: folder,
  };
}

/** What gateways do with telemetry from outside. */
export interface OutsideProps {
  readonly route: OutsideRoute;
  /** Whether traces are sampled and stored. */
  readonly traces: boolean;
  /** Whether there are span metrics. */
  readonly spanMetrics: boolean;
  /** The gateways, if there are several: the headless Service. @default a single gateway */
  readonly gateways?: Pick<OtelGatewayEndpoints, "otlpByTraceId" | "otlpByService">;
  /** Items in each queue. */
  readonly queueItems: number;
}

/** What a gateway's configuration needs to receive telemetry from outside. */
interface OutsideConfig {
  readonly receivers: Blocks;
  readonly exporters: Blocks;
  readonly extensions: Blocks;
  /** Pipelines that pass telemetry to the responsible gateway. */
  readonly pipelines: Readonly<Record<string, Pipeline>>;
}

/**
 * An Ingress controller sends each request to any gateway, but a trace is sampled by one, and a series exposed by one: spans and metrics
 * are passed to the gateway that is responsible. A single gateway always is.
 */
export function outsideConfig({ route, traces, spanMetrics, gateways, queueItems }: OutsideProps): OutsideConfig {
  const { authentication } = route;
  const own = {
    receivers: { [outsideReceiver]: otlpReceiver(outsidePorts.grpc, outsidePorts.http, authenticator) },
    extensions: { [authenticator]: { scheme: authentication.scheme ?? "Bearer", filename: `${folder}/tokens` } },
  };
  if (!gateways) return { ...own, exporters: {}, pipelines: {} };
  const { otlpByTraceId, otlpByService } = gateways;
  const spans = {
    ...(traces && {
      "load_balancing/outside-traces": loadBalancing({ routingKey: "traceID", to: otlpByTraceId, queueItems }),
    }),
    ...(spanMetrics &&
      otlpByService && {
        "load_balancing/outside-services": loadBalancing({ routingKey: "service", to: otlpByService, queueItems }),
      }),
  };
  const metrics = {
    "load_balancing/outside-metrics": loadBalancing({ routingKey: "resource", to: otlpByTraceId, queueItems }),
  };
  const passed = (exporters: object): Pipeline => ({
    receivers: [outsideReceiver],
    // Before metrics are routed by resource: process IDs would give a restarted application another gateway.
    processors: ["memory_limiter", "transform/clean-attrs", "batch"],
    exporters: Object.keys(exporters),
  });
  return {
    ...own,
    exporters: { ...spans, ...metrics },
    pipelines: {
      ...(Object.keys(spans).length > 0 && { "traces/outside": passed(spans) }),
      "metrics/outside": passed(metrics),
    },
  };
}

/**
 * Services and routes of both protocols, and the edge from whatever routes the requests.
 */
export function addOutside(chart: ComponentChart, route: OutsideRoute, pods: Pods): void {
  const name = `${collectorName(chart)}-outside`;
  const { host, grpcHost } = route;
  const protocols = [
    { protocol: "http", host, port: 4318, target: outsidePorts.http, health: "/", healthCode: "401" },
    ...(grpcHost === undefined
      ? []
      : [
          // Load balancers ask for a service that does not exist: 12 is UNIMPLEMENTED.
          {
            protocol: "grpc",
            host: grpcHost,
            port: 4317,
            target: outsidePorts.grpc,
            health: "/AWS.ALB/healthcheck",
            healthCode: "12",
          } as const,
        ]),
  ] as const;
  for (const { protocol, host, port, target, ...health } of protocols) {
    const grpc = protocol === "grpc";
    service(chart, {
      part: chart.component,
      name: `${name}-${protocol}`,
      selector: pods.labels ?? selectorLabels(pods.identity),
      ports: { [`otlp-${protocol}`]: { port, target } },
      ...(grpc && { appProtocols: { "otlp-grpc": "kubernetes.io/h2c" } }),
      annotations: { ...serviceAnnotations(route), ...(grpc && traefikOverHttp2) },
    });
    const backend = { name: `${name}-${protocol}`, port, protocol, ...health, tlsOnly: true };
    chart.add(routeObject(chart, host, route, { ...backend, largestRequestBytes: otlpMessageBytes }));
  }
  const targets = protocols.map(({ target }) => target);
  chart.connects("load balancers", pods, targets, "telemetry from outside the cluster");
}

/** Traefik's Ingresses do not read the protocol of a Service's port. @see https://doc.traefik.io/traefik/v3.5/reference/routing-configuration/kubernetes/ingress/ */
const traefikOverHttp2 = { "traefik.ingress.kubernetes.io/service.serversscheme": "h2c" };
