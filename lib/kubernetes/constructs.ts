import { ApiObject } from "cdk8s";
import { Construct, type IConstruct } from "constructs";
import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { Endpoint } from "./network.ts";

/*
 * Workloads, Services and ServiceAccounts of the user's own, as cdk8s-plus makes them. The types are structural: neither
 * these sources nor the published declarations need cdk8s-plus, which stays an optional peer dependency.
 */

/** A workload of the user's own: `Deployment`, `StatefulSet` or `DaemonSet` of cdk8s-plus. */
export interface WorkloadConstruct extends IConstruct {
  /** Labels by which it selects its pods. */
  readonly matchLabels: Record<string, string>;
}

/** A Service of the user's own: `Service` of cdk8s-plus. */
export interface ServiceConstruct extends IConstruct {
  /** Ports that it exposes. */
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number }[];
}

/** A ServiceAccount of the user's own: of cdk8s-plus, also one that `ServiceAccount.fromServiceAccountName` refers to. */
export interface ServiceAccountConstruct extends IConstruct {
  /** Name and namespace, as a role binding refers to it. */
  toSubjectConfiguration(): { readonly name: string; readonly namespace?: string };
}

/** Pods of the user's own, by the labels that select them. They are peers of connections and get no NetworkPolicy. */
export interface SelectedPods {
  readonly namespace: string;
  /** A Kubernetes label selector. @example {matchLabels: {app: "checkout"}} */
  readonly selector: NonNullable<INetworkPolicyPeer["podSelector"]>;
  /** Whether they use their nodes' network, where no label selects them. @default false */
  readonly hostNetwork?: boolean;
}

/** What a rendered object must have to be referred to. */
interface Rendered {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly selector?: Readonly<Record<string, unknown>>;
    readonly template?: { readonly spec?: { readonly hostNetwork?: boolean } };
    readonly externalName?: string;
  };
}

const rendered = (object: IConstruct): Rendered => ApiObject.of(object).toJson() as Rendered;

/** Whether a value is a construct, as opposed to plain data. */
export const isConstruct = (value: unknown): value is IConstruct => Construct.isConstruct(value);

/** The pods of a workload. @throws TypeError if it selects no pods by label, which would mean all pods of the namespace */
export function podsOf(workload: WorkloadConstruct): SelectedPods {
  const { metadata, spec } = rendered(workload);
  const selector = spec.selector as SelectedPods["selector"] | undefined;
  if (!selector || Object.keys(selector).length === 0)
    throw new TypeError(`${workload.node.path} has no selector: pass a workload that selects its pods by label`);
  const hostNetwork = spec.template?.spec?.hostNetwork ?? false;
  return { namespace: metadata.namespace ?? "default", selector, ...(hostNetwork && { hostNetwork }) };
}

/** What a Service does not say about the API behind it. */
export interface EndpointOptions {
  /** Protocol of the API; with TLS `https` or `grpcs`. @default "http" */
  readonly scheme?: Endpoint["scheme"];
  /** Name or number of the Service's port. @default its first port */
  readonly port?: string | number;
  /** Path under which the API is served. @default none @example "/loki/api/v1/push" */
  readonly path?: string;
  /** HTTP headers that every request must carry. @default none @example {"X-Scope-OrgID": "payments"} */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A Service of the user's own as an endpoint that components can connect to; network policies follow from its selector.
 * @throws TypeError if the Service has no such port
 */
export function endpointOf(service: ServiceConstruct, options: EndpointOptions = {}): Endpoint {
  const { metadata, spec } = rendered(service);
  const { scheme = "http", port: wanted, ...rest } = options;
  const port = service.ports.find(({ name, port }) => wanted === undefined || wanted === name || wanted === port);
  if (!port) throw new TypeError(`${service.node.path} has no port${wanted === undefined ? "" : ` ${wanted}`}`);
  const namespace = metadata.namespace ?? "default";
  const { selector, externalName } = spec;
  return {
    scheme,
    // Without the cluster's domain, which the search path of every pod adds.
    host: externalName ?? `${metadata.name}.${namespace}.svc`,
    port: port.port,
    ...rest,
    ...(!externalName &&
      selector && { pods: { namespace, selector: { matchLabels: selector as Record<string, string> } } }),
    ...(port.targetPort !== undefined && port.targetPort !== port.port && { targetPort: port.targetPort }),
  };
}

/** A server outside the component: `host:port`, or the Service in front of it. */
export type Server = string | ServiceConstruct;

/** `host:port` of a server. */
export function addressOf(server: Server): string {
  if (typeof server === "string") return server;
  const { host, port } = endpointOf(server);
  return `${host}:${port}`;
}
