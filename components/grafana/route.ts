import type { ComponentChart, KubernetesObject, Labels } from "../../lib/kubernetes/index.ts";

/** How users reach Grafana from outside the cluster. */
export type GrafanaRoute =
  | {
      readonly kind: "ingress";
      /** IngressClass. @default the cluster's default class */
      readonly className?: string;
      /** Secret with the TLS certificate; not for an Application Load Balancer. @default none: TLS is terminated at the load balancer, or with the controller's default certificate */
      readonly tlsSecret?: string;
      /** Annotations for the Ingress controller or cert-manager. @default none */
      readonly annotations?: Labels;
    }
  | {
      /** An HTTPRoute of the Gateway API; the listener has the certificate. */
      readonly kind: "gateway";
      readonly gateway: { readonly name: string; readonly namespace?: string; readonly listener?: string };
    };

type IngressRoute = Extract<GrafanaRoute, { kind: "ingress" }>;

const albPrefix = "alb.ingress.kubernetes.io/";

/**
 * Annotations of the AWS Load Balancer Controller.
 * @see https://kubernetes-sigs.github.io/aws-load-balancer-controller/v2.13/guide/ingress/annotations/
 */
export const albAnnotations = {
  targetType: `${albPrefix}target-type`,
  certificate: `${albPrefix}certificate-arn`,
  ports: `${albPrefix}listen-ports`,
  health: `${albPrefix}healthcheck-path`,
} as const;

/** Whether an Ingress is served by an Application Load Balancer. */
export const isAlb = ({ className, annotations = {} }: IngressRoute): boolean =>
  className === "alb" || Object.keys(annotations).some((key) => key.startsWith(albPrefix));

/**
 * IngressClasses of GKE's own controller, which reads them from an annotation only.
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#deprecated_annotation
 */
const isGce = ({ className }: IngressRoute): boolean => className === "gce" || className === "gce-internal";

/** Path at which Grafana answers 200 to anyone; at `/` it redirects to the login, which health checks take for a failure. */
const healthPath = "/api/health";

/** What an Ingress needs so that its controller can serve Grafana; annotations of the user's take precedence. */
function ingressAnnotations(route: IngressRoute): Labels {
  const { className, annotations } = route;
  if (isAlb(route)) {
    return {
      // Instance mode would need a node port.
      [albAnnotations.targetType]: "ip",
      // Without it and without certificate-arn, the listener would be plain HTTP.
      [albAnnotations.ports]: '[{"HTTPS":443}]',
      [albAnnotations.health]: healthPath,
      ...annotations,
    };
  }
  return {
    ...(className !== undefined && isGce(route) && { "kubernetes.io/ingress.class": className }),
    ...annotations,
  };
}

/** Annotations of the Service behind a route: GKE's load balancers connect to pods, so that the Service needs no node port. */
export function serviceAnnotations(route: GrafanaRoute | undefined): Labels {
  return route?.kind === "ingress" && isGce(route) ? { "cloud.google.com/neg": '{"ingress": true}' } : {};
}

/** The Ingress or HTTPRoute. @param service name and port of Grafana's Service */
export function routeObject(
  chart: ComponentChart,
  host: string,
  route: GrafanaRoute,
  service: { readonly name: string; readonly port: number },
): KubernetesObject {
  const metadata = chart.metadata(chart.name, chart.component);
  if (route.kind === "gateway") {
    const { name, namespace, listener } = route.gateway;
    const parent = { name, ...(namespace && { namespace }), ...(listener && { sectionName: listener }) };
    const httpRoute = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata,
      spec: { parentRefs: [parent], hostnames: [host], rules: [{ backendRefs: [service] }] },
    };
    return httpRoute;
  }
  const { className, tlsSecret } = route;
  const annotations = ingressAnnotations(route);
  // An ALB finds its certificate in AWS Certificate Manager by these hosts, unless an annotation names it.
  const tls = tlsSecret ? [{ hosts: [host], secretName: tlsSecret }] : isAlb(route) ? [{ hosts: [host] }] : undefined;
  const backend = { service: { name: service.name, port: { number: service.port } } };
  const ingress = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      ...(className && !isGce(route) && { ingressClassName: className }),
      ...(tls && { tls }),
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
  return ingress;
}
