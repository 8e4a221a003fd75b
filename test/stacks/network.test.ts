import { describe, expect, test } from "vitest";
import { type Edge, type Labels, type Peer, type Pods, selectorLabels } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, type RenderedStack, renderStack } from "../../stacks/stack.ts";
import { allows, type Policy, type Spot, within } from "../support/reachability.ts";
import { variants } from "./variants.ts";

type PodSpot = Required<Pick<Spot, "name" | "address" | "pod">>;

const isPods = (peer: Peer): peer is Pods => typeof peer === "object" && "identity" in peer;

const selectorOf = (pods: Pods) => pods.labels ?? selectorLabels(pods.identity);

const selects = (pods: Pods, { pod }: Pick<PodSpot, "pod">) =>
  pods.namespace === pod.namespace &&
  Object.entries(selectorOf(pods)).every(([key, value]) => pod.labels[key] === value);

/** An application's pod, of which the stack knows nothing. */
const stranger = { name: "stranger", pod: { namespace: "shop", labels: { app: "shop" } } };

interface WorkloadObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: { readonly hostNetwork?: boolean };
    };
  };
}

/** A pod of each workload, of each set that an operator makes, and a stranger. */
function podsOf(stack: RenderedStack, edges: readonly Edge[]): readonly PodSpot[] {
  const rendered = objectsOf(stack)
    .map(({ object }) => object as unknown as WorkloadObject)
    .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet" || kind === "DaemonSet")
    .filter(({ spec }) => !spec.template.spec.hostNetwork)
    .map(({ metadata: { name, namespace }, spec }) => ({
      name,
      pod: { namespace, labels: spec.template.metadata.labels },
    }));
  const operated = edges
    .flatMap(({ from, to }) => [from, to])
    .filter(isPods)
    .filter((pods) => !pods.hostNetwork && !rendered.some((pod) => selects(pods, pod)))
    .map((pods) => ({ name: pods.identity.part, pod: { namespace: pods.namespace, labels: selectorOf(pods) } }));
  const byLabels = new Map([...rendered, ...operated].map((each) => [JSON.stringify(each.pod), each]));
  return [...byLabels.values(), stranger].map((each, index) => ({ ...each, address: `100.64.0.${index + 1}` }));
}

/** Whether the edges open a pod's side. Applications are not under the stack's policies: their side is open. */
function opens(edges: readonly Edge[], side: "from" | "to", own: PodSpot, other: PodSpot, port: number): boolean {
  if (own.name === stranger.name) return true;
  const far = side === "from" ? "to" : "from";
  const isPeer = (peer: Peer) => {
    if (peer === "any pod" || peer === "load balancers") return true;
    if (isPods(peer)) return selects(peer, other);
    return typeof peer === "object" && "cidrs" in peer && peer.cidrs.some((cidr) => within(cidr, other.address));
  };
  return edges.some((edge) => {
    const anyPort = edge.ports.length === 0 && !edge.udp;
    const near = edge[side];
    return isPods(near) && selects(near, own) && (anyPort || edge.ports.includes(port)) && isPeer(edge[far]);
  });
}

/** The policies of a stack, of whichever kind. */
const policiesOf = (stack: RenderedStack): readonly Policy[] =>
  objectsOf(stack)
    .map(({ object }) => object)
    .filter(({ kind }) => kind === "NetworkPolicy" || kind === "CiliumNetworkPolicy") as unknown as Policy[];

const edgesOf = (stack: RenderedStack) => stack.charts.flatMap((chart) => chart.edges);

describe.each(variants)("$name", ({ render }) => {
  test("policies admit each declared connection between pods, and no other", () => {
    const stack = render();
    const edges = edgesOf(stack);
    const policies = policiesOf(stack);
    const pods = podsOf(stack, edges);
    const ports = [...new Set(edges.flatMap((edge) => edge.ports))].filter((port) => typeof port === "number");
    const wrong: string[] = [];
    for (const from of pods) {
      for (const to of pods) {
        for (const port of ports) {
          const declared = opens(edges, "from", from, to, port) && opens(edges, "to", to, from, port);
          if (allows(policies, from, to, port) === declared) continue;
          wrong.push(
            `${from.name} -> ${to.name}:${port} is ${declared ? "declared but denied" : "allowed but not declared"}`,
          );
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(pods.length).toBeGreaterThan(5);
  });

  test("every pod of a namespace is under the default denial", () => {
    const stack = render();
    const objects = objectsOf(stack).map(({ object }) => object);
    const denied = objects
      .filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata?.name === "default-deny")
      .map(({ metadata }) => metadata?.namespace);
    expect(denied).toContain(stack.props.namespaces.stack);
  });
});

/** Addresses that no two kinds of hosts share. */
const addresses = {
  nodeCidrs: ["10.1.0.0/16"],
  apiServerCidrs: ["10.2.0.0/24", "10.1.0.0/28"],
  loadBalancerCidrs: ["10.3.0.0/24"],
};

/** What is not a pod of the stack. Cilium knows all of them in the cluster by what they are. */
const around: readonly Spot[] = [
  { name: "a node", address: "10.1.3.1", entities: ["remote-node", "cluster"] },
  { name: "the pod's own node", address: "10.1.3.2", entities: ["host", "cluster"] },
  { name: "a control-plane node", address: "10.1.0.3", entities: ["remote-node", "kube-apiserver", "cluster"] },
  { name: "a managed API server", address: "10.2.0.4", entities: ["kube-apiserver", "world"] },
  { name: "a load balancer", address: "10.3.0.5" },
  { name: "an office", address: "172.16.0.6" },
  { name: "the internet", address: "203.0.113.7" },
  ...["169.254.169.254", "169.254.170.23", "169.254.20.10"].flatMap((address) => [
    { name: `${address} outside`, address },
    { name: `${address} on the node`, address, entities: ["host", "cluster"] },
  ]),
  { name: "kube-dns", address: "100.64.1.1", pod: { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } } },
  {
    name: "openshift's DNS",
    address: "100.64.1.2",
    pod: { namespace: "openshift-dns", labels: { "dns.operator.openshift.io/daemonset-dns": "default" } },
  },
];

interface Cluster {
  readonly platform?: string;
  readonly dns?: object;
}

/** Every connection between two of the spots that the policies of an engine admit. */
function admitted(name: string, networkEngine: string, cluster: Cluster): ReadonlySet<string> {
  const { raw } = readStackFile("stacks", name);
  const file = raw as { cluster: object };
  const { loadBalancerCidrs, ...hosts } = addresses;
  const known = networkEngine === "none" ? hosts : { ...hosts, loadBalancerCidrs };
  const changed = { ...file, cluster: { ...file.cluster, ...known, ...cluster, networkEngine } };
  const stack = renderStack(resolve(changed, { stack: name, hasEnvironment: true }));
  const edges = edgesOf(stack);
  const policies = policiesOf(stack);
  const pods = podsOf(stack, edges);
  const tcp = [...new Set([...edges.flatMap(({ ports }) => ports), 53, 5353, 5300, 7])];
  const udp = [...new Set([...edges.flatMap((edge) => edge.udp ?? []), 53, 5353, 5300])];
  const ports = [...tcp.map((port) => [port, "TCP"] as const), ...udp.map((port) => [port, "UDP"] as const)];
  const found = new Set<string>();
  for (const from of [...pods, ...around]) {
    for (const to of [...pods, ...around]) {
      if (!from.pod && !to.pod) continue;
      for (const [port, protocol] of ports) {
        if (allows(policies, from, to, port as number, protocol))
          found.add(`${from.name} -> ${to.name}:${port}/${protocol}`);
      }
    }
  }
  return found;
}

/** Clusters whose pods resolve names in different ways. */
const clusters: readonly (readonly [name: string, stack: string, cluster: Cluster])[] = [
  ["prod on EKS", "prod", {}],
  ["staging", "staging", {}],
  ["dev with DNS servers of its own", "dev", { dns: { cidrs: ["172.16.0.6/32"], ports: [5300] } }],
  ["dev on OpenShift", "dev", { platform: "openshift" }],
  ["dev on GKE", "dev", { platform: "gke" }],
];

describe.each(clusters)("%s: every network engine admits the same connections", (_, name, cluster) => {
  const byAddress = admitted(name, "kubernetes", cluster);
  const byIdentity = admitted(name, "cilium", cluster);

  test("with Calico", () => {
    expect(admitted(name, "calico", cluster)).toEqual(byAddress);
    expect(byAddress.size).toBeGreaterThan(100);
  });

  test("with Cilium, and what a link-local address on the pod's own node entails", () => {
    expect([...byAddress].filter((each) => !byIdentity.has(each))).toEqual([]);
    const more = [...byIdentity].filter((each) => !byAddress.has(each));
    // An address of an interface of the node is the node to Cilium, on the same ports.
    const entailed = more.filter((each) => {
      const [from, to, port] = each.split(/ -> |:/) as [string, string, string];
      const linkLocal = around.filter(({ address }) => address.startsWith("169.254."));
      return to === "the pod's own node" && linkLocal.some((spot) => byAddress.has(`${from} -> ${spot.name}:${port}`));
    });
    expect(more.filter((each) => !entailed.includes(each) && !/169\.254\.[\d.]+ on the node/.test(each))).toEqual([]);
  });

  test("and without one, all of them", () => {
    // Where names are resolved matters to policies alone.
    const { dns: _dns, ...plain } = cluster;
    expect(admitted(name, "none", plain).size).toBeGreaterThan(byAddress.size);
  });

  test("pods resolve names, and reach kubelets and the API server", () => {
    const dns =
      cluster.platform === "openshift"
        ? "openshift's DNS:5353"
        : cluster.dns
          ? "an office:5300"
          : "169.254.20.10 on the node:53";
    for (const engine of [byAddress, byIdentity]) {
      expect(engine).toContain(`prometheus -> ${dns}/UDP`);
      expect(engine).toContain(`prometheus -> a node:10250/TCP`);
      expect(engine).toContain("prometheus -> a control-plane node:6443/TCP");
      expect(engine).toContain("prometheus -> a managed API server:443/TCP");
      expect(engine).not.toContain("prometheus -> a node:7/TCP");
    }
  });
});
