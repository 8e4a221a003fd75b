import { isIP } from "node:net";
import { dnsSubdomain, isKnownLater } from "../formats/index.ts";
import { type Finding, MiB, removeKey, wrongFormat } from "../sizing/index.ts";
import type { Labels } from "./labels.ts";
import type { Route } from "./route.ts";

// What Ingresses need of load balancers that connect to pods themselves.

type IngressRoute = Extract<Route, { kind: "ingress" }>;

const albPrefix = "alb.ingress.kubernetes.io/";

/**
 * Annotations of the AWS Load Balancer Controller.
 * @see https://kubernetes-sigs.github.io/aws-load-balancer-controller/v2.13/guide/ingress/annotations/
 */
const albAnnotations = {
  targetType: `${albPrefix}target-type`,
  certificate: `${albPrefix}certificate-arn`,
  ports: `${albPrefix}listen-ports`,
  health: `${albPrefix}healthcheck-path`,
  healthCodes: `${albPrefix}success-codes`,
  protocol: `${albPrefix}backend-protocol-version`,
} as const;

/**
 * Annotations of ingress-nginx. Its largest request is 1 MiB by default, less than a batch of telemetry.
 * @see https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
 */
const nginxAnnotations = {
  protocol: "nginx.ingress.kubernetes.io/backend-protocol",
  body: "nginx.ingress.kubernetes.io/proxy-body-size",
} as const;

/** What a route sends requests to. */
export interface RouteBackend {
  /** Name of the Service, after which the object of the route is named. */
  readonly name: string;
  readonly port: number;
  /** Path that tells load balancers whether a pod works. */
  readonly health: string;
  /** Status that the path answers to anyone; a gRPC status for gRPC. @default "200" */
  readonly healthCode?: string;
  /** @default "http" */
  readonly protocol?: "http" | "grpc";
  /** Largest request, in bytes. @default the controller's */
  readonly largestRequestBytes?: number;
  /** Whether requests contain credentials, so that plain HTTP must not be served. @default false */
  readonly tlsOnly?: boolean;
}

/** Whether an Ingress is served by an Application Load Balancer. */
export const isAlb = ({ className, annotations = {} }: IngressRoute): boolean =>
  className === "alb" || Object.keys(annotations).some((key) => key.startsWith(albPrefix));

/**
 * Whether an Ingress is of GKE's own controller, which reads its class from an annotation only.
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/ingress
 */
export const isGce = ({ className }: IngressRoute): boolean => className === "gce" || className === "gce-internal";

/** What an Ingress needs so that its controller can serve it; annotations of the user's take precedence, see {@link validateLoadBalancer}. */
export function ingressAnnotations(route: IngressRoute, backend: RouteBackend): Labels {
  const { className, annotations } = route;
  const { health, healthCode, protocol, largestRequestBytes } = backend;
  if (isAlb(route)) {
    return {
      // Instance mode would need a node port.
      [albAnnotations.targetType]: "ip",
      // Without it and without certificate-arn, the listener would be plain HTTP.
      [albAnnotations.ports]: '[{"HTTPS":443}]',
      [albAnnotations.health]: health,
      ...(healthCode && { [albAnnotations.healthCodes]: healthCode }),
      ...(protocol === "grpc" && { [albAnnotations.protocol]: "GRPC" }),
      ...annotations,
    };
  }
  return {
    ...(protocol === "grpc" && { [nginxAnnotations.protocol]: "GRPC" }),
    ...(largestRequestBytes && { [nginxAnnotations.body]: `${Math.ceil(largestRequestBytes / MiB)}m` }),
    ...(className !== undefined && isGce(route) && { "kubernetes.io/ingress.class": className }),
    ...annotations,
  };
}

/** Annotations of the Service behind a route: GKE's load balancers connect to pods, so that the Service needs no node port. */
export function serviceAnnotations(route: Route | undefined): Labels {
  return route?.kind === "ingress" && isGce(route) ? { "cloud.google.com/neg": '{"ingress": true}' } : {};
}

/**
 * Finds a host that Kubernetes accepts in no route: with upper case, or an address.
 * @param at the prop of the host
 * @param example a host of that kind
 */
export function validateRoutedHost(at: string, host: string | undefined, example: string): Finding[] {
  if (host === undefined || isKnownLater(host)) return [];
  const isAddress = isIP(host) !== 0;
  if (!isAddress && dnsSubdomain.mistake(host) === undefined) return [];
  const lower = host.toLowerCase();
  const fix = isAddress || dnsSubdomain.mistake(lower) !== undefined ? example : lower;
  return [wrongFormat(at, host, "a host name to route", "a route needs one in lower case, not an address", fix)];
}

/** Hosts of a route of two protocols. */
interface RoutedHosts {
  readonly host: string;
  /** Host of gRPC. */
  readonly grpcHost?: string;
}

/** Finds what the load balancer of a route does not do. @param at the prop of the route */
export function validateLoadBalancer(at: string, route: Route | undefined, hosts?: RoutedHosts): Finding[] {
  if (!route) return [];
  const wrong = [
    ...(route.kind === "ingress" && isAlb(route) ? ofAlb(at, route) : []),
    ...(route.kind === "ingress" ? plainHttp(at, route, hosts !== undefined) : []),
    hosts?.grpcHost !== undefined &&
      hosts.grpcHost === hosts.host && {
        at: `${at}.grpcHost`,
        message: "is host too: HTTP and gRPC need a host each",
        fix: removeKey("grpcHost"),
      },
    hosts !== undefined &&
      route.kind === "ingress" &&
      isGce(route) && {
        at: `${at}.className`,
        message:
          "GKE's Ingress takes pods for healthy that answer 200, and they answer 401 to requests without a token",
        fix: "nginx",
      },
  ];
  return wrong.filter((each) => each !== false).map((each) => ({ code: "SKP1271", ...each }));
}

/** Annotations that serve plain HTTP. @param tokens whether a first request already has a token, which a redirect comes too late for */
function plainHttp(at: string, { annotations = {} }: IngressRoute, tokens: boolean) {
  const redirects = `${albPrefix}ssl-redirect` in annotations && !tokens;
  return Object.entries(annotations)
    .filter(([key, value]) =>
      key === albAnnotations.ports
        ? /\bHTTP\b/i.test(value) && !redirects
        : key.endsWith("/ssl-redirect") && /^\s*false\s*$/i.test(value),
    )
    .map(([key, value]) => ({
      at: `${at}.annotations[${JSON.stringify(key)}]`,
      message: `${value} serves plain HTTP, over which ${tokens ? "tokens" : "passwords and cookies"} could be read`,
      fix: removeKey(key),
    }));
}

function ofAlb(at: string, route: IngressRoute) {
  return [
    route.tlsSecret !== undefined && {
      at: `${at}.tlsSecret`,
      message: `an Application Load Balancer reads no Secret: its certificate is named by the annotation ${albAnnotations.certificate}, or found by the host name`,
      fix: "# remove the key tlsSecret",
    },
    route.annotations?.[albAnnotations.targetType] === "instance" && {
      at: `${at}.annotations`,
      message: `${albAnnotations.targetType}: instance needs a node port, which the Service does not have`,
      fix: `{${albAnnotations.targetType}: ip}`,
    },
  ];
}
