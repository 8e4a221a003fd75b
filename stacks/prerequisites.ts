import type { ObjectStore, SecretKey } from "../lib/kubernetes/index.ts";
import type { RenderedStack } from "./stack.ts";

/** Something that must exist before the stack can run, and the command that makes it. */
export interface Prerequisite {
  readonly what: string;
  readonly why: string;
  readonly command: string;
}

/** What must exist beforehand: Secrets, a StorageClass, buckets, operators. */
export function prerequisites(stack: RenderedStack): readonly Prerequisite[] {
  const { config } = stack;
  const { cluster, namespaces, components, collectors } = config;
  const found: Prerequisite[] = [];
  if (cluster.storageClass) {
    found.push({
      what: `StorageClass ${cluster.storageClass}`,
      why: "every volume asks for it",
      command: `kubectl get storageclass ${cluster.storageClass}`,
    });
  }
  if (collectors === "operator") {
    found.push({
      what: "cert-manager and the OpenTelemetry operator",
      why: "collectors: operator leaves the collectors to it",
      command: "kubectl get crd opentelemetrycollectors.opentelemetry.io certificates.cert-manager.io",
    });
  }
  if (components.grafana.enabled && !components.grafana.external) {
    const { name, userKey, passwordKey } = components.grafana.adminSecret;
    found.push(
      config.grafanaAdminPassword !== undefined || stack.name === "dev"
        ? {
            what: "the password of Grafana's administrator",
            why: "it goes into a Secret that `pulumi up` makes",
            command: "pulumi config set --secret skopos:grafanaAdminPassword",
          }
        : secret(name, namespaces.stack, [userKey, passwordKey], "Grafana's administrator"),
    );
  }
  for (const [name, keys] of referencedSecrets(stack)) {
    found.push(secret(name, namespaces.stack, [...keys], "referred to by the stack's configuration"));
  }
  return [...found, ...buckets(stack)];
}

function secret(name: string, namespace: string, keys: readonly string[], why: string): Prerequisite {
  const literals = [...new Set(keys)].map((key) => `--from-literal=${key}=...`).join(" ");
  return { what: `Secret ${name}`, why, command: `kubectl create secret generic ${name} -n ${namespace} ${literals}` };
}

/** Every `{secret, key}` in a configuration, by Secret. */
function referencedSecrets({ config }: RenderedStack): ReadonlyMap<string, ReadonlySet<string>> {
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

const makeBucket: Readonly<Record<Exclude<ObjectStore["kind"], "filesystem">, (name: string) => string>> = {
  s3: (name) => `aws s3 mb s3://${name}`,
  gcs: (name) => `gcloud storage buckets create gs://${name}`,
  azure: (name) => `az storage container create --name ${name}`,
};

/** The buckets that the stores keep their data in. */
export const bucketNames = {
  mimir: ["mimir-blocks", "mimir-ruler"],
  loki: ["loki"],
  tempo: ["tempo"],
} as const;

function buckets({ config }: RenderedStack): readonly Prerequisite[] {
  const { objectStorage: store, components } = config;
  if (store.kind === "filesystem") return [];
  const used = [
    ...(components.mimir.enabled && !components.mimir.external ? bucketNames.mimir : []),
    ...(components.loki.enabled && !components.loki.external ? bucketNames.loki : []),
    ...(components.traces.enabled && components.traces.backend === "tempo" ? bucketNames.tempo : []),
  ];
  return used.map((name) => ({
    what: `bucket ${store.prefix}${name}`,
    why: "object storage",
    command: makeBucket[store.kind](`${store.prefix}${name}`),
  }));
}
