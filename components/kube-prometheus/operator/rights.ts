import type { IPolicyRule } from "kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule";
import { reads } from "../../../lib/kubernetes/index.ts";

const group = "monitoring.coreos.com";
/** What teams write, in any namespace. */
const configuration = ["servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"];
/** What it makes workloads from, in its own. */
const workloads = ["prometheuses", "prometheusagents", "alertmanagers", "thanosrulers"];

const all = ["get", "list", "watch", "create", "update", "patch", "delete"];

/** Rights in the whole cluster: to read what teams wrote and the Secrets that monitors name, and to say what came of it. */
export const operatorClusterRules: readonly IPolicyRule[] = [
  reads(group, ...configuration),
  {
    apiGroups: [group],
    resources: configuration.map((resource) => `${resource}/status`),
    verbs: ["get", "update", "patch"],
  },
  { apiGroups: [""], resources: ["secrets", "configmaps"], verbs: ["get"] },
  reads("", "namespaces", "nodes"),
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];

/** Rights in its own namespace: to make and mend the workloads, and to keep the list of kubelets. */
export function operatorNamespaceRules(kubelets: boolean): IPolicyRule[] {
  return [
    reads(group, ...workloads, "alertmanagerconfigs"),
    {
      apiGroups: [group],
      resources: [...workloads, "alertmanagerconfigs"].flatMap((each) => [`${each}/status`, `${each}/finalizers`]),
      verbs: ["get", "update", "patch"],
    },
    { apiGroups: ["apps"], resources: ["statefulsets"], verbs: [...all, "deletecollection"] },
    { apiGroups: [""], resources: ["configmaps", "secrets"], verbs: [...all, "deletecollection"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["list", "delete"] },
    { apiGroups: [""], resources: ["services", "services/finalizers"], verbs: all },
    ...(kubelets
      ? [
          {
            apiGroups: ["discovery.k8s.io"],
            resources: ["endpointslices"],
            verbs: ["get", "list", "create", "update", "delete"],
          },
        ]
      : []),
  ];
}
