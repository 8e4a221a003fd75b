import {
  type ComponentChart,
  type Pods,
  type Route,
  type RouteFilter,
  routeObject,
} from "../../lib/kubernetes/index.ts";
import type { Finding } from "../../lib/sizing/index.ts";

/**
 * How users reach Prometheus or Alertmanager from outside the cluster. Neither asks who its user is, so that whatever routes
 * requests to them has to: an Ingress by its controller's annotations, an HTTPRoute by a filter of its Gateway.
 */
export type AuthenticatedRoute = Route & {
  /** Host name under which users reach it, over HTTPS. */
  readonly host: string;
  /**
   * Filter of an HTTPRoute that authenticates users, such as Traefik's Middleware. Required for a Gateway.
   * @default none: annotations of the Ingress authenticate them
   * @see https://gateway-api.sigs.k8s.io/api-types/httproute/#filters-optional
   */
  readonly authentication?: RouteFilter;
};

/** Annotations by which Ingress controllers authenticate: nginx's auth-url and auth-type, the ALB's auth-type, Traefik's middlewares. */
const authenticates = /auth|oidc|sso/i;

/** A route that lets everybody in. */
export function validateRoute(at: string, route: AuthenticatedRoute | undefined): Finding[] {
  if (!route) return [];
  const annotations = route.kind === "ingress" ? Object.entries(route.annotations ?? {}) : [];
  const secured =
    route.kind === "gateway"
      ? route.authentication !== undefined
      : annotations.some((each) => authenticates.test(each.join()));
  if (secured) return [];
  const [key, fix] =
    route.kind === "gateway"
      ? ["authentication", "{group: traefik.io, kind: Middleware, name: oidc}"]
      : ["annotations", "{nginx.ingress.kubernetes.io/auth-url: https://login.example.com/oauth2/auth}"];
  return [{ code: "SKP1318", at: `${at}.${key}`, message: `${route.kind}, without authentication`, fix }];
}

/** URL of a route. */
export const routedUrl = (route: AuthenticatedRoute | undefined): string | undefined =>
  route && `https://${route.host}`;

/** Adds the route to a Service, and the edge to its pods. */
export function addRoute(
  chart: ComponentChart,
  route: AuthenticatedRoute,
  to: { readonly service: string; readonly port: number; readonly pods: Pods },
): void {
  const { service, port, pods } = to;
  chart.add(routeObject(chart, route.host, route, { name: service, port, health: "/-/healthy" }, route.authentication));
  chart.connects("load balancers", pods, [port], "users, through an Ingress controller, Gateway or load balancer");
}
