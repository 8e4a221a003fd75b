import type { ApiObject } from "cdk8s";
import { type ComponentChart, partName } from "./chart.ts";
import { dnsDomain, ipFamilyPolicyOf } from "./cluster.ts";
import { type Labels, selectorLabels } from "./labels.ts";

/** A Service for the pods of one part. */
export interface ServiceProps {
  readonly part: string;
  /** @default the part's workload name */
  readonly name?: string;
  /** @default the component's */
  readonly namespace?: string;
  /** Service port by name. Maps to the container port of the same name; `{port, target}` if they differ. */
  readonly ports: Readonly<Record<string, number | { readonly port: number; readonly target: string | number }>>;
  /** Ports among them that are UDP. @default none */
  readonly udp?: readonly string[];
  /** No cluster IP: DNS returns the addresses of the pods. @default false */
  readonly headless?: boolean;
  /** Publish pods before they are ready, which rings and client-side load balancers need. @default false */
  readonly publishNotReady?: boolean;
  /** `Local` keeps traffic on the node. @default "Cluster" */
  readonly internalTrafficPolicy?: "Local" | "Cluster";
  /** Session affinity by client IP. @default false */
  readonly clientIpAffinity?: boolean;
  /** Labels beyond the identity's: what a ServiceMonitor selects. @default none */
  readonly labels?: Labels;
  /** Annotations for load balancers. @default none */
  readonly annotations?: Labels;
  /** The pods. @default the part's selector labels */
  readonly selector?: Labels;
  /** `h2c` for gRPC behind a proxy. @default none */
  readonly appProtocols?: Readonly<Record<string, string>>;
}

/** Adds a Service. */
export function service(chart: ComponentChart, props: ServiceProps): ApiObject {
  const familyPolicy = ipFamilyPolicyOf(chart.cluster);
  return chart.add({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...chart.metadata(props.name ?? partName(chart, props.part), props.part, props.labels, props.namespace),
      ...(props.annotations && Object.keys(props.annotations).length > 0 && { annotations: props.annotations }),
    },
    spec: {
      type: "ClusterIP",
      ...(props.headless && { clusterIP: "None" }),
      // A headless Service keeps the primary family: with both, its DNS name would list every pod twice.
      ...(!props.headless && familyPolicy && { ipFamilyPolicy: familyPolicy }),
      ...(props.publishNotReady && { publishNotReadyAddresses: true }),
      ...(props.internalTrafficPolicy && { internalTrafficPolicy: props.internalTrafficPolicy }),
      ...(props.clientIpAffinity && { sessionAffinity: "ClientIP" }),
      selector: { ...(props.selector ?? selectorLabels(chart.identity(props.part))) },
      ports: Object.entries(props.ports).map(([name, value]) => {
        const { port, target } = typeof value === "number" ? { port: value, target: name } : value;
        const appProtocol = props.appProtocols?.[name];
        return {
          name,
          port,
          targetPort: target,
          protocol: props.udp?.includes(name) ? "UDP" : "TCP",
          ...(appProtocol && { appProtocol }),
        };
      }),
    },
  });
}

/** A Service's DNS name, fully qualified, so that resolvers skip the search path. */
export function serviceHost(chart: ComponentChart, name: string): string {
  return `${name}.${chart.home}.svc.${dnsDomain(chart.cluster)}`;
}
