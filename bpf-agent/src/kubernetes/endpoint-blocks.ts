import type { EndAttribute } from "../span/attribute-table.ts";
import { keys } from "../span/keys.ts";
import { ProtoWriter, textValue } from "../span/proto-writer.ts";
import type { AnyEntity, Encoded, NodeEntity, ServiceEntity } from "./entities.ts";
import type { Owner } from "./owners.ts";

/** Attributes of an end, by the end of their names. */
type Attributes = readonly (readonly [suffix: EndAttribute, value: string])[];

/** What blocks of pods need of other objects. */
export interface Surroundings {
  /** k8s.cluster.name; "" for none. */
  readonly cluster: string;
  /** UID of the namespace kube-system, which stands for the cluster; "" where it is not known. */
  readonly clusterUid: () => string;
  readonly node: (name: string) => NodeEntity | undefined;
  readonly owners: (first: Owner | undefined, namespace: string) => readonly Owner[];
}

/** Kinds of owners that have attributes. */
const kinds: Readonly<Record<string, Named>> = {
  Deployment: "deployment",
  ReplicaSet: "replicaset",
  StatefulSet: "statefulset",
  DaemonSet: "daemonset",
  Job: "job",
  CronJob: "cronjob",
};

/** Kinds with the attributes `k8s.KIND.name` and `k8s.KIND.uid`. */
type Named = EndAttribute extends infer A ? (A extends `k8s.${infer K}.uid` ? K : never) : never;

const prefixes = ["source", "destination"] as const;

/**
 * Attributes of what is at an end of a flow, encoded once as the bytes that a span has for them: as long as nothing changes, decoration
 * appends bytes and makes no text.
 */
export class EndpointBlocks {
  readonly #writer = new ProtoWriter();
  readonly #surroundings: Surroundings;
  readonly #services = new WeakMap<ServiceEntity, Encoded>();
  readonly #containers = new Map<string, Encoded>();
  /** Grows when something becomes known that blocks may have to say. */
  epoch = 1;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Attributes of a pod, node or Service that has the end's address. */
  of(entity: AnyEntity, end: 0 | 1): Uint8Array {
    if (entity.encoded?.epoch !== this.epoch) entity.encoded = this.#encode(this.#attributes(entity));
    return entity.encoded.blocks[end];
  }

  /** Name and UID of the Service that the end is behind. */
  service(service: ServiceEntity, end: 0 | 1): Uint8Array {
    let encoded = this.#services.get(service);
    if (encoded === undefined) {
      encoded = this.#encode(named("service", service));
      this.#services.set(service, encoded);
    }
    return encoded.blocks[end];
  }

  container(name: string, end: 0 | 1): Uint8Array {
    let encoded = this.#containers.get(name);
    if (encoded === undefined) {
      encoded = this.#encode([["k8s.container.name", name]]);
      this.#containers.set(name, encoded);
    }
    return encoded.blocks[end];
  }

  #attributes(entity: AnyEntity): Attributes {
    const { cluster, clusterUid, node, owners } = this.#surroundings;
    const inCluster = named("cluster", { name: cluster, uid: clusterUid() });
    if (entity.kind === "node") return [...inCluster, ...named("node", entity)];
    const inNamespace: Attributes = [...inCluster, ["k8s.namespace.name", entity.namespace]];
    if (entity.kind === "service") return [...inNamespace, ...named("service", entity)];
    const chain = entity.kind === "pod" ? owners(entity.owner, entity.namespace) : [];
    return [
      ...inNamespace,
      ...named("pod", entity),
      ...named("node", { name: entity.node, uid: node(entity.node)?.uid ?? "" }),
      ...chain.flatMap((owner) => (kinds[owner.kind] ? named(kinds[owner.kind] as Named, owner) : [])),
    ];
  }

  #encode(attributes: Attributes): Encoded {
    const said = attributes.filter(([, value]) => value !== "");
    const block = (prefix: (typeof prefixes)[number]) => {
      this.#writer.at = 0;
      for (const [suffix, value] of said) this.#writer.text(keys[`${prefix}.${suffix}`], textValue(value));
      return this.#writer.bytes.slice(0, this.#writer.at);
    };
    return { epoch: this.epoch, blocks: [block(prefixes[0]), block(prefixes[1])] };
  }
}

const named = (kind: Named, { name, uid }: { readonly name: string; readonly uid: string }): Attributes => [
  [`k8s.${kind}.name`, name],
  [`k8s.${kind}.uid`, uid],
];
