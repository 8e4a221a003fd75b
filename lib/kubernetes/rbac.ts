import type { IPolicyRule } from "kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule";
import { type ComponentChart, partName } from "./chart.ts";
import type { Labels } from "./labels.ts";

/** Where a container finds the token of its ServiceAccount, the cluster's CA and its namespace. */
export const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A ServiceAccount and its permissions. */
export interface AccountProps {
  readonly part: string;
  /** @default the part's workload name */
  readonly name?: string;
  /** Namespace of the account and its roles. @default the component's */
  readonly namespace?: string;
  /** Cluster-wide permissions. @default none */
  readonly clusterRules?: readonly IPolicyRule[];
  /** Permissions in its own namespace. @default none */
  readonly namespaceRules?: readonly IPolicyRule[];
  /** Permissions in other namespaces, which must exist. @default none */
  readonly otherNamespaces?: { readonly names: readonly string[]; readonly rules: readonly IPolicyRule[] };
  /** Annotations: the cloud's workload identity. @default none */
  readonly annotations?: Labels;
  /** Host-level agents on OpenShift run under the `privileged` security context constraints. @default false */
  readonly hostAgent?: boolean;
}

/** A rule with read access. */
export function reads(apiGroup: string, ...resources: string[]): IPolicyRule {
  return { apiGroups: [apiGroup], resources, verbs: ["get", "list", "watch"] };
}

/** Adds a ServiceAccount with its roles and bindings, and returns its name. */
export function serviceAccount(chart: ComponentChart, props: AccountProps): string {
  const name = props.name ?? partName(chart, props.part);
  const metadata = chart.metadata(name, props.part, {}, props.namespace);
  const annotations = { ...props.annotations, ...chart.options(props.part).serviceAccount?.annotations };
  chart.add({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    automountServiceAccountToken: false,
  });
  if (props.clusterRules) bind(chart, props, "Cluster", name, props.clusterRules);
  if (props.namespaceRules) bind(chart, props, "", name, props.namespaceRules);
  const { names = [], rules = [] } = props.otherNamespaces ?? {};
  for (const other of names) bind(chart, props, "", `${chart.home}-${name}`, rules, name, other);
  if (props.hostAgent && chart.cluster.platform === "openshift") {
    bind(
      chart,
      props,
      "",
      `${name}-scc`,
      [
        {
          apiGroups: ["security.openshift.io"],
          resources: ["securitycontextconstraints"],
          resourceNames: ["privileged"],
          verbs: ["use"],
        },
      ],
      name,
    );
  }
  return name;
}

/**
 * Adds a role and binds it to an account. Names of roles outside the account's namespace contain that namespace, so that
 * two instances in one cluster do not overwrite each other's.
 */
function bind(
  chart: ComponentChart,
  { part, namespace }: AccountProps,
  scope: "Cluster" | "",
  name: string,
  rules: readonly IPolicyRule[],
  account = name,
  where = namespace,
): void {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const home = chart.metadata(name, part, {}, namespace);
  const metadata =
    scope === "Cluster"
      ? { name: `${chart.home}-${name}`, labels: home.labels }
      : { name, labels: home.labels, namespace: where ?? home.namespace };
  chart.add({ apiVersion, kind: `${scope}Role`, metadata, rules: rules.map((rule) => ({ ...rule })) });
  chart.add({
    apiVersion,
    kind: `${scope}RoleBinding`,
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: `${scope}Role`, name: metadata.name },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: home.namespace }],
  });
}
