import { addressBytes } from "../filter.ts";
import type { AddressIndex } from "./address-index.ts";
import type { Entities, NodeEntity, PodEntity, ServiceEntity } from "./entities.ts";
import { ObjectTable } from "./object-table.ts";
import { type Node, type Pod, protocolNumber, type Service, timeMs } from "./objects.ts";
import { ownerOf } from "./owners.ts";
import type { ApiObject } from "./reflector.ts";

const FOREVER = Number.POSITIVE_INFINITY;

/** Objects that have addresses, with the index of who has which. */
abstract class AddressedTable<
  T extends ApiObject,
  E extends PodEntity | NodeEntity | ServiceEntity,
> extends ObjectTable<T, E> {
  protected readonly entities: Entities;
  readonly #index: AddressIndex;

  constructor(now: () => number, index: AddressIndex, entities: Entities) {
    super(now);
    this.#index = index;
    this.entities = entities;
  }

  /** @param current addresses that the object has now, of all that it has or had */
  protected hold(entity: E, current: readonly string[], fromMs: number, nowMs: number): E {
    this.entities.set(entity);
    for (const address of entity.addresses)
      if (current.includes(address)) this.#index.open(addressBytes(address), entity.number, fromMs);
      else this.#index.close(addressBytes(address), entity.number, nowMs);
    return entity;
  }

  protected ended(entity: E, nowMs: number): void {
    for (const address of entity.addresses) this.#index.close(addressBytes(address), entity.number, nowMs);
  }

  protected forgotten(entity: E): void {
    for (const address of entity.addresses) this.#index.remove(addressBytes(address), entity.number);
    this.entities.release(entity.number);
  }
}

const union = (before: readonly string[] | undefined, now: readonly string[]): readonly string[] =>
  before === undefined || now.every((each) => before.includes(each))
    ? (before ?? now)
    : [...new Set([...before, ...now])];

/** Pods, by address. Those in the host's network have none of their own. */
export class PodTable extends AddressedTable<Pod, PodEntity> {
  readonly #node: string;
  /** Static pods, by the UID that the kubelet gave them: it names their cgroups. */
  readonly #static = new Map<string, PodEntity>();

  /** @param node this one: only its pods' container identifiers are needed */
  constructor(now: () => number, index: AddressIndex, entities: Entities, node: string) {
    super(now, index, entities);
    this.#node = node;
  }

  /** A pod by its UID, also by the one that only its cgroups have. */
  byCgroupUid(uid: string): PodEntity | undefined {
    return this.get(uid) ?? this.#static.get(uid);
  }

  protected keep(pod: Pod, before: PodEntity | undefined, nowMs: number): PodEntity | undefined {
    const { metadata, spec, status } = pod;
    const finished = status?.phase === "Succeeded" || status?.phase === "Failed";
    // Its addresses may have been another's for long.
    if (finished && before === undefined) return undefined;
    const hostNetwork = spec.hostNetwork === true;
    const current = hostNetwork || finished ? [] : podAddresses(pod);
    const entity: PodEntity = {
      kind: "pod",
      number: before?.number ?? this.entities.reserve(),
      uid: metadata.uid,
      name: metadata.name,
      namespace: shared(metadata.namespace ?? ""),
      node: shared(spec.nodeName ?? ""),
      hostNetwork,
      owner: ownerOf(pod),
      containers: containersOf(pod, spec.nodeName === this.#node),
      addresses: union(before?.addresses, current),
      goneMs: before?.goneMs ?? FOREVER,
    };
    const hash = metadata.annotations?.["kubernetes.io/config.hash"];
    if (hash !== undefined && spec.nodeName === this.#node) this.#static.set(hash, entity);
    // A pod that gets other addresses later, because its sandbox was made again, has them from now on.
    const started = timeMs(status?.startTime) ?? timeMs(metadata.creationTimestamp) ?? nowMs;
    return this.hold(entity, current, before?.addresses.length ? nowMs : started, nowMs);
  }

  protected override forgotten(entity: PodEntity): void {
    super.forgotten(entity);
    for (const [hash, { uid }] of this.#static) if (uid === entity.uid) this.#static.delete(hash);
  }
}

/** One copy of values that many pods have. */
const copies = new Map<string, unknown>();
/** Copies that are kept: more than there are of nodes, namespaces and workloads together. */
const MOST_COPIES = 32_768;

function shared<T>(value: T): T {
  const key = JSON.stringify(value);
  const known = copies.get(key) as T | undefined;
  if (known !== undefined) return known;
  if (copies.size >= MOST_COPIES) copies.clear();
  copies.set(key, value);
  return value;
}

const podAddresses = ({ status }: Pod): string[] => {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? [];
  return all.length > 0 || !status?.podIP ? all : [status.podIP];
};

function containersOf({ spec, status }: Pod, isLocal: boolean): PodEntity["containers"] {
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const idOf = (name: string) =>
    statuses.find((each) => each.name === name)?.containerID?.replace(/^.*:\/\//, "") ?? "";
  const containers = spec.containers.map(({ name, ports = [] }) => ({
    name,
    id: isLocal ? idOf(name) : "",
    ports: ports.map(({ containerPort, protocol }) => (protocolNumber(protocol) << 16) | containerPort),
  }));
  // Pods of one workload have the same.
  if (!isLocal) return shared(containers);
  const others = statuses.filter(({ name }) => containers.every((container) => container.name !== name));
  return [...containers, ...others.map(({ name }) => ({ name, id: idOf(name), ports: [] }))];
}

export class NodeTable extends AddressedTable<Node, NodeEntity> {
  readonly #byName = new Map<string, NodeEntity>();
  readonly #changed: () => void;

  /** @param changed is called for a node that was not known: what is said of its pods changes */
  constructor(now: () => number, index: AddressIndex, entities: Entities, changed: () => void) {
    super(now, index, entities);
    this.#changed = changed;
  }

  byName(name: string): NodeEntity | undefined {
    return this.#byName.get(name);
  }

  protected keep({ metadata, status }: Node, before: NodeEntity | undefined, nowMs: number): NodeEntity {
    const { uid, name, creationTimestamp } = metadata;
    const current = (status?.addresses ?? []).filter(({ type }) => type.endsWith("IP")).map(({ address }) => address);
    if (
      before !== undefined &&
      current.length === before.addresses.length &&
      current.every((each) => before.addresses.includes(each))
    )
      return before;
    const number = before?.number ?? this.entities.reserve();
    const entity: NodeEntity = {
      kind: "node",
      number,
      uid,
      name,
      namespace: "",
      addresses: union(before?.addresses, current),
      goneMs: before?.goneMs ?? FOREVER,
    };
    this.#byName.set(name, entity);
    this.#changed();
    return this.hold(entity, current, before ? nowMs : (timeMs(creationTimestamp) ?? 0), nowMs);
  }

  protected override forgotten(entity: NodeEntity): void {
    super.forgotten(entity);
    if (this.#byName.get(entity.name) === entity) this.#byName.delete(entity.name);
  }
}

/** Services, by each of the addresses by which clients reach them. */
export class ServiceTable extends AddressedTable<Service, ServiceEntity> {
  readonly #byName = new Map<string, ServiceEntity>();
  readonly #byNodePort = new Map<number, ServiceEntity>();

  /** @param name NAMESPACE/NAME */
  byName(name: string): ServiceEntity | undefined {
    return this.#byName.get(name);
  }

  /** @param port protocol << 16 | port */
  byNodePort(port: number): ServiceEntity | undefined {
    return this.#byNodePort.get(port);
  }

  protected keep({ metadata, spec, status }: Service, before: ServiceEntity | undefined, nowMs: number): ServiceEntity {
    const { uid, name, namespace = "", creationTimestamp } = metadata;
    const cluster = (spec.clusterIPs ?? []).filter((address) => address !== "None" && address !== "");
    const ingress = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
    const current = [...cluster, ...(spec.externalIPs ?? []), ...ingress];
    const entity: ServiceEntity = {
      kind: "service",
      number: before?.number ?? this.entities.reserve(),
      uid,
      name,
      namespace,
      addresses: union(before?.addresses, current),
      hasAddress: cluster.length > 0,
      nodePorts: (spec.ports ?? []).flatMap(({ nodePort, protocol }) =>
        nodePort ? [(protocolNumber(protocol) << 16) | nodePort] : [],
      ),
      goneMs: before?.goneMs ?? FOREVER,
    };
    this.#byName.set(`${namespace}/${name}`, entity);
    for (const port of entity.nodePorts) this.#byNodePort.set(port, entity);
    return this.hold(entity, current, before?.addresses.length ? nowMs : (timeMs(creationTimestamp) ?? 0), nowMs);
  }

  protected override forgotten(entity: ServiceEntity): void {
    super.forgotten(entity);
    const name = `${entity.namespace}/${entity.name}`;
    if (this.#byName.get(name)?.uid === entity.uid) this.#byName.delete(name);
    for (const port of entity.nodePorts)
      if (this.#byNodePort.get(port)?.uid === entity.uid) this.#byNodePort.delete(port);
  }
}
