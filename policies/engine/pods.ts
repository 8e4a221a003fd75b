import type { KubernetesObject } from "./object.ts";
import { type Fields, fields, isFields, items, labels, list, number, type Path, text } from "./values.ts";

/** Where each workload kind keeps its pod template. */
const templates: Readonly<Record<string, Path>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** A container of a pod template. */
export interface Container {
  readonly pod: Pod;
  readonly name: string;
  readonly fields: Fields;
  /** From the object's root. */
  readonly path: Path;
  /** Runs before the others, or beside them where it restarts always. */
  readonly kind: "container" | "init" | "sidecar";
}

/** The pods that one object leads to. */
export class Pod {
  readonly object: KubernetesObject;
  /** Path of the template. */
  readonly path: Path;
  readonly #memo = new Map<string, unknown>();

  constructor(object: KubernetesObject, path: Path) {
    this.object = object;
    this.path = path;
  }

  get namespace(): string {
    return this.object.namespace;
  }

  /** A value that is worked out once; one that is not known is asked for again, and throws again. */
  protected once<T>(key: string, work: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, work());
    return this.#memo.get(key) as T;
  }

  get template(): Fields {
    return this.path.reduce<Fields>((value, key) => fields(value[key]), this.object.value);
  }

  get spec(): Fields {
    return fields(this.template.spec);
  }

  get specPath(): Path {
    return [...this.path, "spec"];
  }

  get labels(): Readonly<Record<string, string>> {
    return this.once("labels", () => labels(fields(this.template.metadata).labels));
  }

  get hostNetwork(): boolean {
    return this.spec.hostNetwork === true;
  }

  get serviceAccount(): string {
    return text(this.spec.serviceAccountName) ?? text(this.spec.serviceAccount) ?? "default";
  }

  /** Pods at once; undefined where there is one on each node, or an autoscaler decides. */
  get replicas(): number | undefined {
    if (this.object.kind === "DaemonSet") return undefined;
    if (this.object.kind === "Pod") return 1;
    return number(this.object.spec.replicas) ?? 1;
  }

  get gracePeriodSeconds(): number {
    return number(this.spec.terminationGracePeriodSeconds) ?? 30;
  }

  /** Whether it serves for as long as it lives: not a job. */
  get serves(): boolean {
    return this.object.kind !== "Job" && this.object.kind !== "CronJob";
  }

  get containers(): readonly Container[] {
    return this.once("containers", () =>
      (["containers", "initContainers"] as const).flatMap((key) =>
        items(this.spec[key]).map(([index, each]): Container => {
          const init = each.restartPolicy === "Always" ? "sidecar" : "init";
          return {
            pod: this,
            name: text(each.name) ?? `${key}[${index}]`,
            fields: each,
            path: [...this.specPath, key, index],
            kind: key === "containers" ? "container" : init,
          };
        }),
      ),
    );
  }

  /** Container ports by name; those without a name by number. */
  get ports(): ReadonlyMap<string, number> {
    return this.once("ports", () => this.#openPorts());
  }

  #openPorts(): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const { fields: each } of this.containers) {
      for (const [, port] of items(each.ports)) {
        const value = number(port.containerPort);
        if (value !== undefined) found.set(text(port.name) ?? String(value), value);
      }
    }
    return found;
  }

  /** Names of the ConfigMaps and Secrets that its volumes and environment come from. */
  uses(kind: "ConfigMap" | "Secret", name: string): boolean {
    return this.mounts(kind, name).length > 0;
  }

  /** The containers that read a ConfigMap or Secret, by volume or environment. */
  mounts(kind: "ConfigMap" | "Secret", name: string): readonly Container[] {
    const volumes = new Set(
      items(this.spec.volumes)
        .filter(([, volume]) => volumeSources(volume).some((source) => source.kind === kind && source.name === name))
        .map(([, volume]) => volume.name),
    );
    const from = kind === "ConfigMap" ? "configMapRef" : "secretRef";
    return this.containers.filter(
      ({ fields: each }) =>
        items(each.volumeMounts).some(([, mount]) => volumes.has(mount.name)) ||
        items(each.envFrom).some(([, source]) => fields(source[from]).name === name),
    );
  }
}

/** The ConfigMaps and Secrets behind a volume. */
export function volumeSources(volume: Fields): readonly {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  readonly keys: readonly string[];
  readonly optional: boolean;
}[] {
  const source = (kind: "ConfigMap" | "Secret", value: unknown, nameKey: string) => {
    const name = isFields(value) ? text(value[nameKey]) : undefined;
    if (name === undefined) return [];
    const keys = items(fields(value).items).flatMap(([, item]) => text(item.key) ?? []);
    return [{ kind, name, keys, optional: fields(value).optional === true }];
  };
  return [
    ...source("ConfigMap", volume.configMap, "name"),
    ...source("Secret", volume.secret, "secretName"),
    ...list(fields(volume.projected).sources).flatMap((each) => [
      ...source("ConfigMap", fields(each).configMap, "name"),
      ...source("Secret", fields(each).secret, "name"),
    ]),
  ];
}

/** The pods of an object: none where it is no workload, several where an operator runs shards of it. */
export function podsOf(object: KubernetesObject): readonly Pod[] {
  const path = Object.hasOwn(templates, object.kind) ? templates[object.kind] : undefined;
  return path ? [new Pod(object, path)] : operatedPods(object);
}

/** Pods that an operator makes from its own kind: Prometheus, Alertmanager, OpenTelemetryCollector. */
export class OperatedPod extends Pod {
  readonly #labels: () => Readonly<Record<string, string>>;
  readonly #ports: () => ReadonlyMap<string, number>;
  readonly #account: () => string;

  constructor(
    object: KubernetesObject,
    made: {
      readonly labels: () => Readonly<Record<string, string>>;
      readonly ports: () => ReadonlyMap<string, number>;
      readonly account: () => string;
    },
  ) {
    super(object, []);
    this.#labels = made.labels;
    this.#ports = made.ports;
    this.#account = made.account;
  }

  override get labels() {
    return this.once("operated labels", this.#labels);
  }

  override get ports() {
    return this.once("operated ports", this.#ports);
  }

  override get serviceAccount() {
    return this.#account();
  }

  override get replicas(): number | undefined {
    if (this.object.kind === "OpenTelemetryCollector" && text(this.object.spec.mode) === "daemonset") return undefined;
    return number(this.object.spec.replicas) ?? 1;
  }

  /** The operator writes the containers; what can be set is set at the top of the spec. */
  override get containers(): readonly Container[] {
    const name = this.object.kind.toLowerCase();
    return this.once("operated", () => [{ pod: this, name, fields: this.spec, path: ["spec"], kind: "container" }]);
  }
}

/** Most shards that are told apart: there is no reason for more pods of one object. */
const mostShards = 200;

function operatedPods(object: KubernetesObject): readonly OperatedPod[] {
  if (object.kind === "OpenTelemetryCollector") return [collectorPod(object)];
  if (object.kind === "Alertmanager") return [prometheusPod(object, "alertmanager", 0)];
  if (object.kind !== "Prometheus" && object.kind !== "PrometheusAgent") return [];
  if (object.spec.replicas === 0) return [];
  // Of an object that is not fully known the shards may be what is not known.
  const shards = number(fields(object.raw.spec).shards) ?? 1;
  return Array.from({ length: Math.min(Math.max(1, Math.floor(shards)), mostShards) }, (_, shard) =>
    prometheusPod(object, "prometheus", shard),
  );
}

/** Source: prometheus-operator v0.92, pkg/{prometheus,alertmanager}/statefulset.go */
function prometheusPod(object: KubernetesObject, name: "prometheus" | "alertmanager", shard: number): OperatedPod {
  return new OperatedPod(object, {
    labels: () => ({
      ...labels(fields(object.spec.podMetadata).labels),
      "app.kubernetes.io/name": name,
      "app.kubernetes.io/instance": object.name,
      "app.kubernetes.io/managed-by": "prometheus-operator",
      [name]: object.name,
      ...(name === "prometheus" && {
        "operator.prometheus.io/name": object.name,
        "operator.prometheus.io/shard": String(shard),
      }),
    }),
    ports: () => {
      const web = text(object.spec.portName) ?? "web";
      return new Map([[web, name === "alertmanager" ? 9093 : 9090] as const, ["reloader-web", 8080] as const]);
    },
    account: () => text(object.spec.serviceAccountName) ?? "default",
  });
}

/** Source: opentelemetry-operator v0.158, internal/manifests/manifestutils/labels.go */
function collectorPod(object: KubernetesObject): OperatedPod {
  const portOf = (endpoint: unknown): number | undefined => {
    const port = Number(/:(\d+)$/.exec(text(endpoint) ?? "")?.[1]);
    return Number.isNaN(port) ? undefined : port;
  };
  return new OperatedPod(object, {
    labels: () => ({
      ...labels(object.spec.podLabels),
      "app.kubernetes.io/managed-by": "opentelemetry-operator",
      "app.kubernetes.io/instance": `${object.namespace}.${object.name}`,
      "app.kubernetes.io/part-of": "opentelemetry",
      "app.kubernetes.io/component": "opentelemetry-collector",
      "app.kubernetes.io/name": `${object.name}-collector`,
    }),
    ports: () => {
      const config = fields(object.spec.config);
      const found = new Map<string, number>([
        ["monitoring", 8888],
        ["metrics", 8888],
      ]);
      for (const [name, exporter] of Object.entries(fields(config.exporters))) {
        const port = portOf(fields(exporter).endpoint);
        if (name.split("/")[0] === "prometheus" && port !== undefined) found.set(name.replace("/", "-"), port);
      }
      for (const [name, receiver] of Object.entries(fields(config.receivers))) {
        for (const [protocol, settings] of Object.entries(fields(fields(receiver).protocols))) {
          const port = portOf(fields(settings).endpoint) ?? (protocol === "grpc" ? 4317 : 4318);
          found.set(`${name.replace("/", "-")}-${protocol}`, port);
        }
      }
      for (const [, port] of items(object.spec.ports)) {
        const value = number(port.port);
        if (value !== undefined) found.set(text(port.name) ?? String(value), value);
      }
      return found;
    },
    account: () => text(object.spec.serviceAccount) ?? `${object.name}-collector`,
  });
}
