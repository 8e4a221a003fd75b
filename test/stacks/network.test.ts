import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { describe, expect, test } from "vitest";
import { type Edge, type Labels, type Peer, type Pods, selectorLabels } from "../../lib/kubernetes/index.ts";
import { objectsOf, type RenderedStack } from "../../stacks/stack.ts";
import { allows, type PodFacts } from "../support/reachability.ts";
import { variants } from "./variants.ts";

const isPods = (peer: Peer): peer is Pods => typeof peer === "object" && "identity" in peer;

const selectorOf = (pods: Pods) => pods.labels ?? selectorLabels(pods.identity);

const selects = (pods: Pods, pod: PodFacts) =>
  pods.namespace === pod.namespace &&
  Object.entries(selectorOf(pods)).every(([key, value]) => pod.labels[key] === value);

/** An application's pod, of which the stack knows nothing. */
const stranger: PodFacts = { name: "stranger", namespace: "shop", labels: { app: "shop" } };

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
function podsOf(stack: RenderedStack, edges: readonly Edge[]): readonly PodFacts[] {
  const rendered = objectsOf(stack)
    .map(({ object }) => object as unknown as WorkloadObject)
    .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet" || kind === "DaemonSet")
    .filter(({ spec }) => !spec.template.spec.hostNetwork)
    .map(({ metadata, spec }) => ({ ...metadata, labels: spec.template.metadata.labels }));
  const operated = edges
    .flatMap(({ from, to }) => [from, to])
    .filter(isPods)
    .filter((pods) => !pods.hostNetwork && !rendered.some((pod) => selects(pods, pod)))
    .map((pods) => ({ name: pods.identity.part, namespace: pods.namespace, labels: selectorOf(pods) }));
  const byLabels = new Map([...rendered, ...operated].map((pod) => [JSON.stringify([pod.namespace, pod.labels]), pod]));
  return [...byLabels.values(), stranger];
}

/** Whether the edges open a pod's side. Applications are not under the stack's policies: their side is open. */
function opens(edges: readonly Edge[], side: "from" | "to", own: PodFacts, other: PodFacts, port: number): boolean {
  if (own === stranger) return true;
  const far = side === "from" ? "to" : "from";
  return edges.some((edge) => {
    const [near, peer] = [edge[side], edge[far]];
    const anyPort = edge.ports.length === 0 && !edge.udp;
    return (
      isPods(near) &&
      selects(near, own) &&
      (anyPort || edge.ports.includes(port)) &&
      (peer === "any pod" || (isPods(peer) && selects(peer, other)))
    );
  });
}

describe.each(variants)("$name", ({ render }) => {
  test("policies admit each declared connection between pods, and no other", () => {
    const stack = render();
    const edges = stack.charts.flatMap((chart) => chart.edges);
    const policies = objectsOf(stack)
      .map(({ object }) => object)
      .filter(({ kind }) => kind === "NetworkPolicy") as INetworkPolicy[];
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
