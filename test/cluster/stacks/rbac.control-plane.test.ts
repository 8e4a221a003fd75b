import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { variant } from "./variants.ts";

/** One thing an account may want to do: a verb, a resource (`apps/replicasets`, `pods/log`) or a path, and where. */
interface Request {
  readonly verb: string;
  readonly resource: string;
  /** @default the whole cluster */
  readonly namespace?: string;
}

const home = "observability";
const everywhere = (verbs: string, ...resources: string[]): Request[] =>
  resources.flatMap((resource) => verbs.split(",").map((verb) => ({ verb, resource })));
const at = (namespace: string, verbs: string, ...resources: string[]): Request[] =>
  everywhere(verbs, ...resources).map((request) => ({ ...request, namespace }));

const monitoring = (...resources: string[]) => resources.map((resource) => `monitoring.coreos.com/${resource}`);
const discovery = everywhere("list,watch", "pods", "services", "discovery.k8s.io/endpointslices");
const owners = everywhere(
  "get,list,watch",
  "pods",
  "namespaces",
  "nodes",
  "apps/replicasets",
  "apps/deployments",
  "apps/statefulsets",
  "apps/daemonsets",
  "batch/jobs",
);

/**
 * What each program asks of the API as it works, from its own documentation and source: not from the roles under test.
 * An account that is not here has no business with the API at all.
 */
const needs: Readonly<Record<string, readonly Request[]>> = {
  // The k8s_attributes processor, which derives the names of owners from the pod; the kubelet_stats receiver; the k8s
  // resolver of the load balancing exporter.
  // https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.159.0/processor/k8sattributesprocessor/README.md
  "otel-agent": [
    ...everywhere("get,list,watch", "pods"),
    ...everywhere("get", "nodes/stats"),
    ...everywhere("list,watch", "discovery.k8s.io/endpointslices"),
  ],
  // discovery.kubernetes for pods, loki.source.kubernetes for their logs, k8sattributes for owners.
  alloy: [...owners, ...everywhere("get", "pods/log")],
  // https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/Documentation/platform/rbac.md
  "kube-prometheus-operator": [
    ...everywhere(
      "list,watch",
      ...monitoring("servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"),
      "namespaces",
    ),
    ...everywhere("get", "secrets", "configmaps"),
    ...at(home, "list,watch", ...monitoring("prometheuses", "alertmanagers", "alertmanagerconfigs")),
    ...at(home, "update", ...monitoring("prometheuses/status", "alertmanagers/status", "prometheuses/finalizers")),
    ...at(home, "list,watch,create,update,delete", "apps/statefulsets", "secrets", "configmaps"),
    ...at(home, "get,create,update", "services"),
  ],
  // kubernetes_sd_configs of role endpointslice and pod; the kubelet's metrics by its authorizer; /metrics of the API server.
  "kube-prometheus-prometheus": [...discovery, ...everywhere("get", "nodes/metrics", "/metrics")],
  "kube-prometheus-kube-state-metrics": everywhere(
    "list,watch",
    "pods",
    "nodes",
    "namespaces",
    "services",
    "persistentvolumeclaims",
    "persistentvolumes",
    "apps/deployments",
    "apps/statefulsets",
    "apps/daemonsets",
    "apps/replicasets",
    "batch/jobs",
    "batch/cronjobs",
    "autoscaling/horizontalpodautoscalers",
    "policy/poddisruptionbudgets",
  ),
  // Who has an address, and the owners of pods: bpf-agent/README.md, Kubernetes.
  "flow-agent": [
    ...everywhere("list,watch", "pods", "nodes", "services", "discovery.k8s.io/endpointslices"),
    ...everywhere("get,list,watch", "apps/replicasets", "batch/jobs"),
  ],
  // Its sidecars collect ConfigMaps of all namespaces.
  grafana: everywhere("get,list,watch", "configmaps"),
};

/** What no account of the stack may do: each line is a way to take the cluster over, to read what is secret, or to break it. */
const forbidden: readonly Request[] = [
  ...everywhere("*", "*/*"),
  ...everywhere("list,watch", "secrets"),
  ...everywhere("create,update,delete", "secrets", "configmaps", "services", "serviceaccounts"),
  ...everywhere("create,delete", "pods", "apps/deployments", "apps/statefulsets", "apps/daemonsets", "namespaces"),
  ...everywhere("create", "pods/exec", "pods/attach", "pods/portforward", "pods/eviction", "serviceaccounts/token"),
  ...everywhere("get,create", "nodes/proxy", "services/proxy", "pods/proxy"),
  ...everywhere("update,patch,delete", "nodes", "nodes/status", "persistentvolumes"),
  ...everywhere(
    "create,update,bind,escalate",
    "rbac.authorization.k8s.io/roles",
    "rbac.authorization.k8s.io/clusterroles",
    "rbac.authorization.k8s.io/clusterrolebindings",
  ),
  ...everywhere("impersonate", "users", "groups", "serviceaccounts"),
  ...everywhere(
    "create,update",
    "admissionregistration.k8s.io/validatingwebhookconfigurations",
    "admissionregistration.k8s.io/mutatingwebhookconfigurations",
    "apiextensions.k8s.io/customresourcedefinitions",
    "certificates.k8s.io/certificatesigningrequests",
  ),
  ...at("kube-system", "get,list", "secrets"),
  ...at("kube-system", "create,update,delete", "pods", "configmaps", "apps/daemonsets"),
];

/** Forbidden in general, and what one program is there for all the same. */
const exceptions: Readonly<Record<string, readonly Request[]>> = {
  // Monitors of any namespace may name a Secret with credentials; it can read one by name, and list none.
  "kube-prometheus-operator": at("kube-system", "get", "secrets"),
};

const key = ({ verb, resource, namespace = "" }: Request) => `${verb} ${resource} ${namespace}`;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
});
afterAll(() => cluster?.dispose());

/** Asks the API server's own authorizer. */
async function isAllowed(account: string, { verb, resource, namespace }: Request): Promise<boolean> {
  const [of, name] = account.split("/");
  const [path = "", subresource] = resource.startsWith("/") ? [] : splitSubresource(resource);
  const [group, plural] = path.includes("/") ? path.split("/") : ["", path];
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: `system:serviceaccount:${of}:${name}`,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${of}`, "system:authenticated"],
      ...(resource.startsWith("/")
        ? { nonResourceAttributes: { verb, path: resource } }
        : { resourceAttributes: { verb, group, resource: plural, namespace, ...(subresource && { subresource }) } }),
    },
  };
  const { body } = await cluster.api.send<{ status: { allowed: boolean } }>(
    "POST",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    review,
  );
  return body.status.allowed;
}

/** `apps/replicasets` is a group and a resource, `pods/log` a resource and its subresource: groups have dots or are known. */
function splitSubresource(resource: string): [path: string, subresource?: string] {
  const parts = resource.split("/");
  const hasGroup = parts.length > 1 && /\.|^(apps|batch|autoscaling|policy|\*)$/.test(parts[0]!);
  return hasGroup ? [parts.slice(0, 2).join("/"), parts[2]] : [parts[0]!, parts[1]];
}

const authority = /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/;

describe.each(["dev", "staging", "prod"].map((name) => variant(name)))("$name", ({ objects }) => {
  beforeAll(() =>
    apply(
      cluster.api,
      objects.filter(({ kind }) => authority.test(kind)),
    ),
  );
  const accounts = objects.filter(({ kind }) => kind === "ServiceAccount");

  describe.each(accounts.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))(
    "the account %s",
    (account) => {
      const name = account.split("/")[1]!;
      const needed = needs[name];

      if (needed !== undefined)
        it("may do what its program does", async () => {
          const denied = [];
          for (const request of needed) if (!(await isAllowed(account, request))) denied.push(key(request));
          expect(denied).toEqual([]);
        });
      else
        it("has no business with the API: not even to read pods", async () => {
          for (const request of [...owners, ...at(home, "get,list", "configmaps", "secrets", "pods")])
            expect(await isAllowed(account, request), key(request)).toBe(false);
        });

      it("may not do what nobody in the stack must", async () => {
        const excepted = new Set((exceptions[name] ?? []).map(key));
        const allowed = [];
        for (const request of forbidden)
          if (!excepted.has(key(request)) && (await isAllowed(account, request))) allowed.push(key(request));
        expect(allowed).toEqual([]);
      });
    },
  );
});

describe("the answers", () => {
  it("are those of a real authorizer: an administrator may, an unknown account may not", async () => {
    const { body } = await cluster.api.send<{ status: { allowed: boolean } }>(
      "POST",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb: "*", resource: "*", group: "*" } },
      },
    );
    expect(body.status.allowed).toBe(true);
    expect(await isAllowed(`${home}/nobody`, { verb: "get", resource: "pods" })).toBe(false);
  });
});
