import { documentsOf, type EmbeddedDocument } from "./documents.ts";
import type { KubernetesObject } from "./object.ts";
import { type Pod, podsOf } from "./pods.ts";
import { clusterServices, operatedServices, podPorts, type Service, serviceOf } from "./services.ts";
import type { Facts } from "./settings.ts";

/** All objects of one check, with what joins them. Everything is worked out when it is first asked for. */
export class ObjectSet {
  readonly objects: readonly KubernetesObject[];
  readonly facts: Facts;
  readonly #byKind: ReadonlyMap<string, readonly KubernetesObject[]>;
  readonly #byId: ReadonlyMap<string, KubernetesObject>;
  readonly #documents = new Map<KubernetesObject, readonly EmbeddedDocument[]>();
  readonly #memo = new Map<string, unknown>();

  constructor(objects: readonly KubernetesObject[], facts: Facts = {}) {
    this.objects = objects;
    this.facts = facts;
    this.#byKind = Map.groupBy(objects, ({ kind }) => kind);
    this.#byId = new Map(objects.map((object) => [object.id, object]));
  }

  ofKind(kind: string): readonly KubernetesObject[] {
    return this.#byKind.get(kind) ?? [];
  }

  find(kind: string, namespace: string, name: string): KubernetesObject | undefined {
    return this.#byId.get(`${kind}/${namespace}/${name}`);
  }

  /** Whether the set has objects in a namespace: only then a missing one is a mistake. */
  covers(namespace: string): boolean {
    const covered = this.once("namespaces", () => new Set(this.objects.map((object) => object.namespace)));
    return namespace !== "" && covered.has(namespace);
  }

  namespaceLabels(namespace: string): Readonly<Record<string, string>> {
    const object = this.find("Namespace", "", namespace);
    return { ...object?.labels, "kubernetes.io/metadata.name": namespace };
  }

  /** Every kind of pod, also those that operators make. */
  get pods(): readonly Pod[] {
    return this.once("pods", () => this.objects.flatMap(podsOf));
  }

  /** The pods of a namespace. */
  podsIn(namespace: string): readonly Pod[] {
    return this.once("podsByNamespace", () => Map.groupBy(this.pods, (pod) => pod.namespace)).get(namespace) ?? [];
  }

  /** The pods that read a ConfigMap or Secret of the set. */
  podsUsing({ kind, namespace, name }: KubernetesObject): readonly Pod[] {
    return this.once(`users ${kind}/${namespace}/${name}`, () =>
      this.podsIn(namespace).filter((pod) => pod.uses(kind as "ConfigMap" | "Secret", name)),
    );
  }

  /** The objects of a kind in a namespace. */
  inNamespace(kind: string, namespace: string): readonly KubernetesObject[] {
    return (
      this.once(`${kind} by namespace`, () => Map.groupBy(this.ofKind(kind), (object) => object.namespace)).get(
        namespace,
      ) ?? []
    );
  }

  /** A pod of each workload: of shards the first. */
  get workloads(): readonly Pod[] {
    return this.once("workloads", () => this.pods.filter((pod) => this.podOf(pod.object) === pod));
  }

  /** A pod of an object of the set. */
  podOf(object: KubernetesObject): Pod | undefined {
    return this.once("podByObject", () => new Map(this.pods.toReversed().map((pod) => [pod.object, pod]))).get(object);
  }

  /** Every Service, also those that operators make and every cluster has. */
  get services(): readonly Service[] {
    return this.once("services", () => {
      for (const pod of this.pods) podPorts.set(pod.object, () => pod.ports);
      return [
        ...this.ofKind("Service").map(serviceOf),
        ...this.objects.flatMap(operatedServices),
        ...clusterServices(this),
      ];
    });
  }

  service(namespace: string, name: string): Service | undefined {
    return this.once(
      "serviceById",
      () => new Map(this.services.map((service) => [`${service.namespace}/${service.name}`, service])),
    ).get(`${namespace}/${name}`);
  }

  /** The documents that an object holds as text. */
  documents(object: KubernetesObject): readonly EmbeddedDocument[] {
    const known = this.#documents.get(object);
    if (known) return known;
    const found = documentsOf(object);
    this.#documents.set(object, found);
    return found;
  }

  /** A value that is worked out once for the set. */
  once<T>(key: string, work: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, work());
    return this.#memo.get(key) as T;
  }
}
