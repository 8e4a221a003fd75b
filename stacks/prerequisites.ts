import { alloyNeedsHost } from "../components/alloy/index.ts";
import { networkEngineOf, type SecretKey } from "../lib/kubernetes/index.ts";
import { components } from "./components/index.ts";
import { type Prerequisite, secretPrerequisite } from "./components/needs.ts";
import type { ResolvedStack } from "./resolve.ts";

/** What must exist before a stack is deployed, in the order in which it can be created. */
export function prerequisites(stack: ResolvedStack): readonly Prerequisite[] {
  const ofComponents = components.flatMap((component) => component.prerequisites?.(stack) ?? []);
  const { namespaces } = stack.config;
  const secrets = [
    ...pullSecrets(stack),
    ...[...referencedSecrets(stack)].map(([name, keys]) =>
      secretPrerequisite(name, namespaces.stack, [...keys], "referenced by the stack's configuration"),
    ),
  ];
  const inNamespace = [...secrets, ...authorities(stack), ...ofComponents];
  return [...clusterWide(stack), ...namespacesFor(stack, inNamespace), ...namespacesOfTeams(stack), ...inNamespace];
}

/** Bundles of certificates, in every namespace whose pods mount them. Those in Secrets of the stack's namespace are listed with other Secrets. */
function authorities({ config, props }: ResolvedStack): readonly Prerequisite[] {
  const { stack, agents } = config.namespaces;
  const namespaces = [...new Set([stack, ...(props.alloy && alloyNeedsHost(props.alloy) ? [agents] : [])])];
  return config.extra.certificateAuthorities.flatMap((each) =>
    namespaces
      .filter((namespace) => !("secret" in each && namespace === stack))
      .map((namespace) => {
        const [kind, type, name] =
          "secret" in each
            ? (["Secret", "secret generic", each.secret] as const)
            : (["ConfigMap", "configmap", each.configMap] as const);
        return {
          what: `${kind} ${name} in ${namespace}`,
          why: "certificate authorities that the programs trust",
          command: `kubectl create ${type} ${name} -n ${namespace} --from-file=${each.key}=...`,
        };
      }),
  );
}

/** Namespaces in which the Prometheus operator gets a role. */
function namespacesOfTeams({ config, props }: ResolvedStack): readonly Prerequisite[] {
  const { stack, agents } = config.namespaces;
  if (!props.kubePrometheus || config.components.prometheus.operator === false) return [];
  return config.alerts.configNamespaces
    .filter((name) => name !== stack && name !== agents)
    .map((name) => ({
      what: `Namespace ${name}`,
      why: "alerts.configNamespaces names it",
      command: `kubectl get namespace ${name}`,
    }));
}

function clusterWide({ config, props }: ResolvedStack): readonly Prerequisite[] {
  const { cluster, collectors, components: settings } = config;
  const { priorityClassName } = config.defaults;
  const found: Prerequisite[] = [];
  if (cluster.storageClass) {
    found.push({
      what: `StorageClass ${cluster.storageClass}`,
      why: "used by every volume",
      command: `kubectl get storageclass ${cluster.storageClass}`,
    });
  }
  if (priorityClassName) {
    found.push({
      what: `PriorityClass ${priorityClassName}`,
      why: "used by every pod; without it, none is created",
      command: `kubectl get priorityclass ${priorityClassName} || kubectl create priorityclass ${priorityClassName} --value=1000000`,
    });
  }
  if (cluster.networkPolicies && networkEngineOf(props.cluster) === "cilium") {
    const byDefault =
      cluster.networkEngine === undefined
        ? `; by default on ${cluster.platform}: with another engine, or none, set skopos:cluster.networkEngine to kubernetes, calico or none`
        : "";
    found.push({
      what: "Cilium as the network engine",
      why: `network policies are CiliumNetworkPolicies${byDefault}`,
      command: "kubectl get crd ciliumnetworkpolicies.cilium.io",
    });
  }
  if (collectors === "operator") {
    found.push({
      what: "cert-manager and the OpenTelemetry operator",
      why: "required by collectors: operator",
      command: "kubectl get crd opentelemetrycollectors.opentelemetry.io certificates.cert-manager.io",
    });
  }
  const { enabled, crds } = settings.prometheus;
  if (enabled && !crds) {
    found.push({
      what: "CRDs of the Prometheus operator",
      why: "components.prometheus.crds is off",
      command: "kubectl get crd prometheuses.monitoring.coreos.com servicemonitors.monitoring.coreos.com",
    });
  }
  return found;
}

/** The namespaces that must exist before the stack: those it does not create, and those that Secrets are created in first. */
function namespacesFor({ config }: ResolvedStack, inside: readonly Prerequisite[]): readonly Prerequisite[] {
  const { stack, agents, create } = config.namespaces;
  return [...new Set([stack, agents])]
    .filter((name) => !create || inside.some(({ command }) => command.split("\n")[0]?.includes(` -n ${name} --`)))
    .map((name) => ({
      what: `Namespace ${name}`,
      why: create ? "the Secrets below belong to it; the stack adopts it" : "namespaces.create is off",
      command: `kubectl create namespace ${name}`,
    }));
}

/** Pods of both namespaces pull images. */
function pullSecrets({ config }: ResolvedStack): readonly Prerequisite[] {
  const { stack, agents } = config.namespaces;
  return config.images.pullSecrets.flatMap((name) =>
    [...new Set([stack, agents])].map((namespace) => ({
      what: `Secret ${name} in ${namespace}`,
      why: "credentials of the image registry",
      command: `kubectl create secret docker-registry ${name} -n ${namespace} --docker-server=... --docker-username=... --docker-password=...`,
    })),
  );
}

/** Keys of a scrape's spec below which a name and a key select no Secret. */
const withoutSecrets: ReadonlySet<string> = new Set(["configMap", "labels", "params", "nodeMeta"]);

/** Every `{name, key}` that selects a Secret in the spec of a scrape. */
function selectorsIn(value: unknown): readonly (readonly [name: string, key: string])[] {
  if (value === null || typeof value !== "object") return [];
  const { name, key } = value as { readonly name?: unknown; readonly key?: unknown };
  if (typeof name === "string" && typeof key === "string") return [[name, key]];
  return Object.entries(value).flatMap(([part, item]) => (withoutSecrets.has(part) ? [] : selectorsIn(item)));
}

/** Every `{secret, key}` in a configuration, by Secret. */
function referencedSecrets({ config }: ResolvedStack): ReadonlyMap<string, ReadonlySet<string>> {
  const secrets = new Map<string, Set<string>>();
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== "object") return;
    const { secret: name, key } = value as Partial<SecretKey>;
    if (typeof name === "string" && typeof key === "string")
      secrets.set(name, (secrets.get(name) ?? new Set()).add(key));
    else for (const item of Object.values(value)) walk(item);
  };
  walk(config);
  for (const [name, key] of config.extra.scrapes.flatMap(({ spec }) => selectorsIn(spec)))
    secrets.set(name, (secrets.get(name) ?? new Set()).add(key));
  return secrets;
}
