import type { IPolicyRule } from "kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule";
import { reads } from "../../../lib/kubernetes/index.ts";

const group = "monitoring.coreos.com";
/** Resources that teams create, in any namespace. */
const configuration = ["servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"];
/** Resources that the operator creates workloads from, in its own namespace. */
const workloads = ["prometheuses", "prometheusagents", "alertmanagers", "thanosrulers"];

const all = ["get", "list", "watch", "create", "update", "patch", "delete"];

/** Cluster-wide rights: read monitors, rules and the Secrets they reference, and update their status. */
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

/**
 * Rights in each namespace whose AlertmanagerConfigs are used: the operator watches the Secrets and ConfigMaps that
 * these reference by listing all of the namespace, which is why the cluster as a whole is not an option.
 * @see https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/pkg/alertmanager/operator.go
 */
export const alertmanagerConfigRules: readonly IPolicyRule[] = [
  reads(group, "alertmanagerconfigs"),
  { apiGroups: [group], resources: ["alertmanagerconfigs/status"], verbs: ["get", "update", "patch"] },
  reads("", "configmaps", "secrets"),
];

/** Rights in its own namespace: manage workloads, and the list of kubelet addresses. */
export function operatorNamespaceRules(kubelets: boolean): IPolicyRule[] {
  return [
    ...alertmanagerConfigRules,
    reads(group, ...workloads),
    {
      apiGroups: [group],
      resources: workloads.flatMap((each) => [`${each}/status`, `${each}/finalizers`]),
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
