import type { Finding } from "../sizing/index.ts";
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
} as const;

/** Whether an Ingress is served by an Application Load Balancer. */
export const isAlb = ({ className, annotations = {} }: IngressRoute): boolean =>
  className === "alb" || Object.keys(annotations).some((key) => key.startsWith(albPrefix));

/**
 * Whether an Ingress is of GKE's own controller, which reads its class from an annotation only.
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/ingress
 */
export const isGce = ({ className }: IngressRoute): boolean => className === "gce" || className === "gce-internal";

/** What an Ingress needs so that its controller can serve it; annotations of the user's take precedence. @param health a path that answers 200 to anyone */
export function ingressAnnotations(route: IngressRoute, health: string): Labels {
  const { className, annotations } = route;
  if (isAlb(route)) {
    return {
      // Instance mode would need a node port.
      [albAnnotations.targetType]: "ip",
      // Without it and without certificate-arn, the listener would be plain HTTP.
      [albAnnotations.ports]: '[{"HTTPS":443}]',
      [albAnnotations.health]: health,
      ...annotations,
    };
  }
  return {
    ...(className !== undefined && isGce(route) && { "kubernetes.io/ingress.class": className }),
    ...annotations,
  };
}

/** Annotations of the Service behind a route: GKE's load balancers connect to pods, so that the Service needs no node port. */
export function serviceAnnotations(route: Route | undefined): Labels {
  return route?.kind === "ingress" && isGce(route) ? { "cloud.google.com/neg": '{"ingress": true}' } : {};
}

/** Finds what an Application Load Balancer does not do. @param at the prop of the route */
export function validateLoadBalancer(at: string, route: Route | undefined): Finding[] {
  if (route?.kind !== "ingress" || !isAlb(route)) return [];
  const wrong = [
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
  return wrong.filter((each) => each !== false).map((each) => ({ code: "SKP1271", ...each }));
}
