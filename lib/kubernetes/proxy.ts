import { BlockList, isIP, isIPv4 } from "node:net";
import { isKnownLater, type Port, parseHttpUrl } from "../formats/index.ts";
import type { ComponentChart } from "./chart.ts";
import { dnsDomain } from "./cluster.ts";
import type { EnvValue } from "./container.ts";
import { anywhere, type Peer } from "./network.ts";

/** An HTTP proxy through which pods reach what is outside the cluster. */
export interface HttpProxy {
  /** Its URL, without credentials: `http://proxy.example.com:3128`. */
  readonly url: string;
  /** CIDRs of pods and Services, and of the nodes unless `nodeCidrs` states them: programs connect to them by address, never through the proxy. */
  readonly clusterCidrs: readonly string[];
  /** Hosts, domains with their subdomains, and CIDRs outside the cluster that are reached directly. @default none */
  readonly noProxy?: readonly string[];
}

/** Loopback, and what is on the node's link: metadata services, and agents for credentials of pods. */
const local = [
  "localhost",
  "127.0.0.0/8",
  "::1",
  "169.254.0.0/16",
  "fe80::/10",
  "fd00:ec2::/32",
  "metadata.google.internal",
];

type Placed = Pick<ComponentChart, "cluster" | "home">;

/** What is reached without the proxy, in the syntax of `NO_PROXY`. */
function directly({ cluster, home }: Placed): readonly string[] {
  const { proxy, nodeCidrs = [], apiServerCidrs = [] } = cluster;
  if (!proxy) return [];
  // Load balancers of collectors name pods `pod.service.namespace`.
  const names = [".svc", `.${dnsDomain(cluster)}`, `.${home}`];
  const cidrs = [...proxy.clusterCidrs, ...nodeCidrs, ...apiServerCidrs];
  return [...new Set([...local, ...names, ...cidrs, ...(proxy.noProxy ?? [])])];
}

/**
 * Environment of a container behind a proxy. Go programs and Grafana's sidecars read it. The API server is reached by the address of its
 * Service, which Kubernetes sets.
 */
export function proxyEnvironment(chart: Placed): Readonly<Record<string, EnvValue>> {
  const { proxy } = chart.cluster;
  if (!proxy) return {};
  const noProxy = [...directly(chart), "$(KUBERNETES_SERVICE_HOST)"].join(",");
  return { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: noProxy };
}

/** A proxy in the terms of Prometheus and Alertmanager, which do not read the environment. Undefined without a proxy. */
export function proxySettings(chart: Placed): { readonly url: string; readonly noProxy: string } | undefined {
  const { proxy } = chart.cluster;
  return proxy && { url: proxy.url, noProxy: directly(chart).join(",") };
}

/** Whether a host is reached without the proxy. */
export function bypassesProxy(chart: Placed, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "");
  return directly(chart).some((entry) => {
    if (entry.includes("/")) return inside(address, entry);
    if (entry.startsWith(".")) return address.endsWith(entry);
    return address === entry || address.endsWith(`.${entry}`);
  });
}

function inside(address: string, cidr: string): boolean {
  const [network = "", bits] = cidr.split("/");
  if (isIP(address) === 0 || isIP(address) !== isIP(network)) return false;
  const list = new BlockList();
  const family = isIPv4(network) ? "ipv4" : "ipv6";
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
}

/**
 * Where connections by HTTP or gRPC to somewhere outside really go: to the proxy, to the hosts themselves, or, where that is not known,
 * to both.
 * @param hosts undefined if they are not known: URLs in Secrets
 */
export function outwardPeers(
  chart: Placed,
  hosts: readonly string[] | undefined,
  ports: readonly Port[],
): readonly { readonly to: Peer; readonly ports: readonly Port[]; readonly through: boolean }[] {
  const { proxy } = chart.cluster;
  const direct = { to: anywhere, ports, through: false } as const;
  if (!proxy) return [direct];
  const known = hosts?.filter((host) => !isKnownLater(host)) ?? [];
  const unknown = hosts === undefined || known.length < hosts.length;
  const around = known.some((host) => bypassesProxy(chart, host)) || (unknown && (proxy.noProxy ?? []).length > 0);
  const through = unknown || known.some((host) => !bypassesProxy(chart, host));
  return [...(through ? [proxyPeer(proxy)] : []), ...(around ? [direct] : [])];
}

function proxyPeer({ url }: HttpProxy) {
  const { host, port } = parseHttpUrl(url);
  const address = host.replace(/^\[|\]$/g, "");
  const to: Peer = isIP(address) > 0 ? { cidrs: [`${address}/${isIPv4(address) ? 32 : 128}`] } : anywhere;
  return { to, ports: [port], through: true } as const;
}
