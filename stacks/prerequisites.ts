import type { SecretKey } from "../lib/kubernetes/index.ts";
import { components } from "./components/index.ts";
import { type Prerequisite, secretPrerequisite } from "./components/needs.ts";
import type { ResolvedStack } from "./resolve.ts";

/** What must exist before a stack is deployed: a StorageClass, operators, Secrets, buckets. */
export function prerequisites(stack: ResolvedStack): readonly Prerequisite[] {
  const { cluster, namespaces, collectors } = stack.config;
  const found: Prerequisite[] = [];
  if (cluster.storageClass) {
    found.push({
      what: `StorageClass ${cluster.storageClass}`,
      why: "used by every volume",
      command: `kubectl get storageclass ${cluster.storageClass}`,
    });
  }
  if (collectors === "operator") {
    found.push({
      what: "cert-manager and the OpenTelemetry operator",
      why: "required by collectors: operator",
      command: "kubectl get crd opentelemetrycollectors.opentelemetry.io certificates.cert-manager.io",
    });
  }
  for (const [name, keys] of referencedSecrets(stack)) {
    found.push(secretPrerequisite(name, namespaces.stack, [...keys], "referenced by the stack's configuration"));
  }
  return [...found, ...components.flatMap((component) => component.prerequisites?.(stack) ?? [])];
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
  return secrets;
}
