import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { expect, test } from "vitest";
import { type ClusterFacts, type DnsServers, defaultCluster, networkPolicies, type Platform } from "./index.ts";

const pods = { namespace: "observability", identity: { name: "mimir", instance: "mimir", part: "mimir" } };

/** What the DNS rule of a workload's policy allows. */
function dnsRule(cluster: Partial<ClusterFacts>) {
  const edge = { from: pods, to: "api server", ports: [443], why: "a test" } as const;
  const [, policy] = networkPolicies([edge], { ...defaultCluster, networkEngine: "kubernetes", ...cluster });
  const rule = (policy as INetworkPolicy).spec?.egress?.[0];
  return {
    labels: rule?.to?.flatMap(({ podSelector }) => (podSelector ? [podSelector.matchLabels] : [])),
    namespaces: [
      ...new Set(rule?.to?.flatMap(({ namespaceSelector }) => Object.values(namespaceSelector?.matchLabels ?? {}))),
    ],
    cidrs: rule?.to?.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr] : [])),
    ports: rule?.ports?.map(({ port, protocol }) => `${port}/${protocol}`),
  };
}

const kubeDns = [{ "k8s-app": "kube-dns" }, { "k8s-app": "node-local-dns" }];

test.each(["kubernetes", "eks", "aks", "k3s"] satisfies Platform[])(
  "%s: kube-dns, and NodeLocal DNSCache at its link-local address",
  (platform) => {
    expect(dnsRule({ platform })).toEqual({
      labels: kubeDns,
      namespaces: ["kube-system"],
      cidrs: ["169.254.20.10/32"],
      ports: ["53/UDP", "53/TCP"],
    });
  },
);

test("gke: Cloud DNS at the metadata address too", () => {
  expect(dnsRule({ platform: "gke" }).cidrs).toEqual(["169.254.20.10/32", "169.254.169.254/32"]);
});

test("openshift: pods of its DNS operator, on their own port", () => {
  expect(dnsRule({ platform: "openshift" })).toEqual({
    labels: [{ "dns.operator.openshift.io/daemonset-dns": "default" }],
    namespaces: ["openshift-dns"],
    cidrs: [],
    ports: ["5353/UDP", "5353/TCP"],
  });
});

test("DNS servers of the user's own replace those of the platform", () => {
  const dns: DnsServers = { cidrs: ["10.0.0.10/32"], ports: [5300] };
  expect(dnsRule({ platform: "eks", dns })).toEqual({
    labels: [],
    namespaces: [],
    cidrs: ["10.0.0.10/32"],
    ports: ["5300/UDP", "5300/TCP"],
  });
});
