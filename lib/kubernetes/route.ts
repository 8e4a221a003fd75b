import type { ComponentChart } from "./chart.ts";
import type { Labels } from "./labels.ts";
import { ingressAnnotations, isAlb, isGce, type RouteBackend } from "./load-balancers.ts";
import type { KubernetesObject } from "./object.ts";

/** How users reach a component from outside the cluster. */
export type Route =
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

/** A filter of an HTTPRoute that its Gateway's implementation defines. */
export interface RouteFilter {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * The Ingress, or the HTTPRoute or GRPCRoute.
 * @param filter applied to every request of an HTTPRoute
 */
export function routeObject(
  chart: ComponentChart,
  host: string,
  route: Route,
  service: RouteBackend,
  filter?: RouteFilter,
): KubernetesObject {
  const metadata = chart.metadata(service.name, chart.component);
  if (route.kind === "gateway") {
    const { name, namespace, listener } = route.gateway;
    const parent = { name, ...(namespace && { namespace }), ...(listener && { sectionName: listener }) };
    const rule = {
      ...(filter && { filters: [{ type: "ExtensionRef", extensionRef: { ...filter } }] }),
      backendRefs: [{ name: service.name, port: service.port }],
    };
    const gatewayRoute = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: service.protocol === "grpc" ? "GRPCRoute" : "HTTPRoute",
      metadata,
      spec: { parentRefs: [parent], hostnames: [host], rules: [rule] },
    };
    return gatewayRoute;
  }
  const { className, tlsSecret } = route;
  const annotations = ingressAnnotations(route, service);
  // An ALB finds its certificate in AWS Certificate Manager by these hosts, unless an annotation names it. Other controllers
  // take their default certificate, and redirect plain HTTP.
  const withoutSecret = isAlb(route) || service.tlsOnly ? [{ hosts: [host] }] : undefined;
  const tls = tlsSecret ? [{ hosts: [host], secretName: tlsSecret }] : withoutSecret;
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
