import { describe, expect, test } from "vitest";
import { deniedSide } from "./network.ts";
import { KubernetesObject } from "./object.ts";
import { ObjectSet } from "./object-set.ts";
import type { Fields } from "./values.ts";

const workload = (name: string, namespace: string, more: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: {
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, ports: [{ name: "web", containerPort: 8080 }] }], ...more },
    },
  },
});

const policy = (name: string, spec: object) => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name, namespace: "shop" },
  spec: { endpointSelector: { matchLabels: { app: "web" } }, ...spec },
});

/** Whether the policies of `web` in `shop` deny it a connection from a client to its port 8080. */
function denies(spec: object, client = workload("client", "team")) {
  const objects = [workload("web", "shop"), client, policy("web", spec)];
  const set = new ObjectSet(objects.map((object) => new KubernetesObject(object as unknown as Fields)));
  const [web, from] = ["Deployment/shop/web", `Deployment/team/${client.metadata.name}`].map(
    (id) => set.pods.find(({ object }) => object.id === id)!,
  );
  return deniedSide(set, from!, web!, 8080) !== undefined;
}

const inTeam = { "k8s:io.kubernetes.pod.namespace": "team" };
const on = (port: string, protocol = "TCP") => ({ toPorts: [{ ports: [{ port, protocol }] }] });
const host = workload("host", "team", { hostNetwork: true });

describe("a CiliumNetworkPolicy", () => {
  test.each<[string, boolean, object]>([
    ["an empty rule", true, { ingress: [{}] }],
    ["no ingress at all", false, { egress: [{}] }],
    ["an empty list of rules", false, { ingress: [] }],
    ["a rule that does not enable default deny", false, { ingress: [{}], enableDefaultDeny: { ingress: false } }],
    ["ports for everyone", false, { ingress: [on("8080")] }],
    ["another port", true, { ingress: [on("8081")] }],
    ["the port by its name", false, { ingress: [on("web", "ANY")] }],
    ["UDP alone", true, { ingress: [on("8080", "UDP")] }],
    ["the client's labels", false, { ingress: [{ fromEndpoints: [{ matchLabels: { app: "client", ...inTeam } }] }] }],
    [
      "its labels in the policy's namespace",
      true,
      { ingress: [{ fromEndpoints: [{ matchLabels: { app: "client" } }] }] },
    ],
    ["every endpoint of the policy's namespace", true, { ingress: [{ fromEndpoints: [{}] }] }],
    [
      "any namespace",
      false,
      {
        ingress: [
          { fromEndpoints: [{ matchExpressions: [{ key: "io.kubernetes.pod.namespace", operator: "Exists" }] }] },
        ],
      },
    ],
    [
      "a label of the namespace",
      true,
      { ingress: [{ fromEndpoints: [{ matchLabels: { "k8s:io.cilium.k8s.namespace.labels.team": "blue" } }] }] },
    ],
    ["the cluster", false, { ingress: [{ fromEntities: ["cluster"] }] }],
    ["the world", true, { ingress: [{ fromEntities: ["world"] }] }],
    ["every address, which no pod has to Cilium", true, { ingress: [{ fromCIDR: ["0.0.0.0/0"] }] }],
    ["other pods", false, { endpointSelector: { matchLabels: { app: "db" } }, ingress: [{}] }],
  ])("with %s: denied is %s", (_, denied, spec) => {
    expect(denies(spec)).toBe(denied);
  });

  test("knows pods of the host's network by their node, not by address or label", () => {
    expect(denies({ ingress: [{ fromEntities: ["host", "remote-node"] }] }, host)).toBe(false);
    expect(denies({ ingress: [{ fromCIDR: ["10.0.0.0/8"] }] }, host)).toBe(true);
    expect(denies({ ingress: [{ fromEndpoints: [{ matchLabels: { app: "host", ...inTeam } }] }] }, host)).toBe(true);
  });
});
