import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { describe, expect, test } from "vitest";
import { type Edge, type Peer, type Pods, selectorLabels } from "../../lib/kubernetes/index.ts";
import { objectsOf, type RenderedStack } from "../../stacks/stack.ts";
import { allows, type PodFacts } from "../reachability.ts";
import { variants } from "./variants.ts";

const isPods = (peer: Peer): peer is Pods => typeof peer === "object" && "identity" in peer;

const factsOf = (pods: Pods): PodFacts => ({
  name: `${pods.identity.instance}/${pods.identity.part}`,
  namespace: pods.namespace,
  labels: pods.labels ?? selectorLabels(pods.identity),
});

/** An application's pod, of which the stack knows nothing. */
const stranger: PodFacts = { name: "stranger", namespace: "shop", labels: { app: "shop" } };

function declaredEdges(stack: RenderedStack): readonly Edge[] {
  return stack.charts.flatMap((chart) => chart.edges);
}

const same = (a: PodFacts, b: PodFacts) =>
  a.namespace === b.namespace && JSON.stringify(a.labels) === JSON.stringify(b.labels);

describe.each(variants)("$name", ({ render }) => {
  test("policies admit each declared connection between pods, and no other", () => {
    const stack = render();
    const edges = declaredEdges(stack);
    const policies = objectsOf(stack)
      .map(({ object }) => object)
      .filter(({ kind }) => kind === "NetworkPolicy") as INetworkPolicy[];
    const known = new Map(
      edges
        .flatMap(({ from, to }) => [from, to])
        .filter(isPods)
        .filter(({ hostNetwork }) => !hostNetwork)
        .map((pods) => [JSON.stringify(factsOf(pods)), factsOf(pods)]),
    );
    const pods = [...known.values(), stranger];
    const ports = [...new Set(edges.flatMap((edge) => edge.ports))];
    // "any pod" stands for applications: it opens one side, and pods of the stack still need their own edge.
    const declared = (from: PodFacts, to: PodFacts, port: number) =>
      edges.some(
        (edge) =>
          edge.ports.includes(port) &&
          ((edge.from === "any pod" && from === stranger) || (isPods(edge.from) && same(factsOf(edge.from), from))) &&
          ((edge.to === "any pod" && to === stranger) || (isPods(edge.to) && same(factsOf(edge.to), to))),
      );
    const wrong: string[] = [];
    for (const from of pods) {
      for (const to of pods) {
        if (same(from, to) && from === stranger) continue;
        for (const port of ports) {
          const wanted = declared(from, to, port);
          if (allows(policies, from, to, port) !== wanted) {
            wrong.push(
              `${from.name} -> ${to.name}:${port} is ${wanted ? "declared but denied" : "allowed but not declared"}`,
            );
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(pods.length).toBeGreaterThan(2);
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
