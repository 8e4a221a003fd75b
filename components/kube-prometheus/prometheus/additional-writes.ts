import type { IRemoteWriteSpec } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/RemoteWriteSpec";
import { hostsOf, portOf } from "../../../lib/formats/index.ts";
import { type ComponentChart, type Pods, proxySettings, type SecretKey } from "../../../lib/kubernetes/index.ts";

/** A store to which series are sent in addition to the stack's own. */
export interface AdditionalRemoteWrite {
  /** Name of the queue, in the metrics of Prometheus. */
  readonly name: string;
  /** URL of the remote-write API. */
  readonly url: string;
  /** Headers without secrets: a tenant. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** User name and password. @default none */
  readonly basicAuth?: { readonly username: SecretKey; readonly password: SecretKey };
  /** Token, sent as `Authorization: Bearer`. @default none */
  readonly bearerToken?: SecretKey;
  /** Signs requests for Amazon Managed Prometheus, with the role of Prometheus' pods. @default none */
  readonly sigv4?: { readonly region: string; readonly roleArn?: string };
  /** Regular expression (RE2) of the names of the metrics that are sent. @default all */
  readonly metrics?: string;
  /**
   * Label with the name of the replica of Prometheus. Where there are several, the store would reject samples of all but one as
   * duplicates without it.
   * @default "prometheus_replica" if there are several replicas, otherwise none
   */
  readonly replicaLabel?: string;
}

/** Where remote writes and reads go through, if they leave the cluster. */
export function remoteProxy(chart: ComponentChart): Pick<IRemoteWriteSpec, "proxyUrl" | "noProxy"> {
  const proxy = proxySettings(chart);
  return proxy ? { proxyUrl: proxy.url, noProxy: proxy.noProxy } : {};
}

/** An additional store in the operator's format. The config reloader substitutes the pod's name. */
export function additionalWrite(chart: ComponentChart, to: AdditionalRemoteWrite, replicas: number): IRemoteWriteSpec {
  const key = ({ secret, key: name }: SecretKey) => ({ name: secret, key: name });
  const replicaLabel = to.replicaLabel ?? (replicas > 1 ? "prometheus_replica" : undefined);
  return {
    name: to.name,
    url: to.url,
    ...remoteProxy(chart),
    ...(to.headers && { headers: { ...to.headers } }),
    ...(to.basicAuth && { basicAuth: { username: key(to.basicAuth.username), password: key(to.basicAuth.password) } }),
    ...(to.bearerToken && { authorization: { type: "Bearer", credentials: key(to.bearerToken) } }),
    ...(to.sigv4 && { sigv4: { ...to.sigv4 } }),
    sendExemplars: true,
    queueConfig: { retryOnRateLimit: true },
    writeRelabelConfigs: [
      ...(to.metrics ? [{ action: "keep" as const, sourceLabels: ["__name__"], regex: to.metrics }] : []),
      ...(replicaLabel ? [{ action: "replace" as const, targetLabel: replicaLabel, replacement: "$(POD_NAME)" }] : []),
    ],
  };
}

/** Lets Prometheus reach the additional stores, wherever they are. */
export function connectWrites(chart: ComponentChart, from: Pods, writes: readonly AdditionalRemoteWrite[]): void {
  for (const { name, url } of writes)
    chart.connectsOutside(from, hostsOf(url), [portOf(url, 443)], `remote write: ${name}`);
}
