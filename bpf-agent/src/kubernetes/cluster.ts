import { AddressIndex, NONE } from "./address-index.ts";
import { NodeTable, PodTable, ServiceTable } from "./addressed-table.ts";
import type { Cgroups } from "./cgroups.ts";
import { EndpointBlocks } from "./endpoint-blocks.ts";
import { EndpointTable, isEndpoint } from "./endpoint-table.ts";
import { type AnyEntity, Entities, type PodEntity, type ServiceEntity } from "./entities.ts";
import type { FlowEnds } from "./flow-ends.ts";
import type { Recognition } from "./label-values.ts";
import { type Owner, OwnerTable, ownerChain } from "./owners.ts";
import type { ApiObject, ObjectSink } from "./reflector.ts";

/** What an end of a flow is. One object is used for all. */
export interface End {
  by: Recognition;
  entity: AnyEntity | undefined;
  /** The Service that the end is behind. */
  service: ServiceEntity | undefined;
  /** Name of its container; "" where it is not known. */
  container: string;
}

export interface ClusterOptions {
  /** Name of this node. */
  readonly node: string;
  /** Name of the cluster; "" for none. */
  readonly cluster: string;
  /** Cgroups of this node; undefined where senders are not known by process. */
  readonly cgroups: Cgroups | undefined;
  /** Milliseconds of the Unix epoch. @default Date.now */
  readonly now?: () => number;
  /** Asks for an owner that is in no table. @default nobody: owners are watched */
  readonly askForOwner?: (owner: Owner, namespace: string) => void;
}

/** What is known of the cluster, and who is at the ends of a flow. */
export class Cluster {
  readonly pods: PodTable;
  readonly nodes: NodeTable;
  readonly services: ServiceTable;
  readonly endpoints: EndpointTable;
  readonly replicaSets: OwnerTable;
  readonly jobs: OwnerTable;
  readonly blocks: EndpointBlocks;
  readonly #entities = new Entities();
  /** Addresses of pods, nodes and Services. */
  readonly #addresses = { pods: new AddressIndex(), nodes: new AddressIndex(), services: new AddressIndex() };
  readonly #cgroups: Cgroups | undefined;
  readonly #owners: Readonly<Record<string, OwnerTable>>;
  readonly #askForOwner: (owner: Owner, namespace: string) => void;
  #uid = "";

  constructor({ node, cluster, cgroups, now = Date.now, askForOwner = () => {} }: ClusterOptions) {
    const changed = () => void this.blocks.epoch++;
    const { pods, nodes, services } = this.#addresses;
    this.pods = new PodTable(now, pods, this.#entities, node);
    this.nodes = new NodeTable(now, nodes, this.#entities, changed);
    this.services = new ServiceTable(now, services, this.#entities);
    this.endpoints = new EndpointTable(now);
    this.replicaSets = new OwnerTable(now, changed);
    this.jobs = new OwnerTable(now, changed);
    this.#owners = { ReplicaSet: this.replicaSets, Job: this.jobs };
    this.#askForOwner = askForOwner;
    this.#cgroups = cgroups;
    this.blocks = new EndpointBlocks({
      cluster,
      clusterUid: () => this.#uid,
      node: (name) => this.nodes.byName(name),
      owners: (first, namespace) => this.owners(first, namespace),
    });
  }

  /** Takes the UID of the cluster from the namespace kube-system: https://opentelemetry.io/docs/specs/semconv/resource/k8s/#cluster */
  readonly namespaces: ObjectSink<ApiObject> = {
    beginList: () => {},
    upsert: ({ metadata }) => {
      if (metadata.name !== "kube-system" || metadata.uid === this.#uid) return;
      this.#uid = metadata.uid;
      this.blocks.epoch++;
    },
    remove: () => {},
    endList: () => {},
  };

  /** Who owns what `first` names, and so on. */
  owners(first: Owner | undefined, namespace: string): Owner[] {
    return ownerChain(first, this.#owners, (owner) => this.#askForOwner(owner, namespace));
  }

  /** Forgets objects that were removed before a time. */
  forget(beforeMs: number): void {
    for (const table of [this.pods, this.nodes, this.services, this.endpoints, this.replicaSets, this.jobs])
      table.forget(beforeMs);
    this.#cgroups?.forget(({ pod }) => this.pods.byCgroupUid(pod) !== undefined);
  }

  /** Finds out what an end of a flow is. */
  resolve(ends: FlowEnds, end: 0 | 1, into: End): void {
    into.entity = undefined;
    into.service = undefined;
    into.container = "";
    into.by = "none";
    this.#identify(ends, end, into);
    into.service = end === 1 ? (this.#target(ends) ?? this.#behind(ends, 1)) : this.#behind(ends, 0);
    if (into.entity === undefined && into.service !== undefined && into.service === this.#serviceAt(ends, end)) {
      into.entity = into.service;
      into.service = undefined;
      into.by = "service";
    }
  }

  #identify(ends: FlowEnds, end: 0 | 1, into: End): void {
    const at = ends.addressOf(end);
    const isNode = this.#addresses.nodes.ownerAt(ends.bytes, at, ends.startMs);
    const inCgroup = this.#cgroups?.find(ends.cgroupOf(end));
    const sender = inCgroup && this.pods.byCgroupUid(inCgroup.pod);
    // Where several pods have the address, or none has it alone, the process decides.
    const isSender =
      sender !== undefined &&
      (sender.hostNetwork ? isNode !== NONE : this.#addresses.pods.has(ends.bytes, at, sender.number));
    if (isSender) {
      into.entity = sender;
      into.by = "cgroup";
      into.container = containerOf(sender, inCgroup?.container ?? "", 0);
      return;
    }
    const port = end === 1 ? ends.portOf(1) : 0;
    const number = this.#addresses.pods.ownerAt(ends.bytes, at, ends.startMs);
    const pod = number === NONE ? undefined : this.#entities.get(number);
    if (pod?.kind === "pod") {
      into.entity = pod;
      into.by = "address";
      into.container = containerOf(pod, "", port);
      return;
    }
    const endpoint = this.#podBehind(ends, end);
    if (endpoint !== undefined) {
      into.entity = endpoint;
      into.by = "endpoint";
      if (endpoint.kind === "pod") into.container = containerOf(endpoint, "", port);
    } else if (isNode !== NONE) {
      into.entity = this.#entities.get(isNode);
      into.by = "node";
    }
  }

  /** The pod that an EndpointSlice has for the end: of another node, or in the network of its host and known by its port. */
  #podBehind(ends: FlowEnds, end: 0 | 1): AnyEntity | undefined {
    let found: AnyEntity | undefined;
    const port = end === 1 ? ends.portOf(1) : 0;
    for (const endpoint of this.endpoints.of(ends.bytes, ends.addressOf(end))) {
      const { pod } = endpoint;
      if (pod === undefined || !isEndpoint(endpoint, port, ends.startMs)) continue;
      const known = this.pods.get(pod.uid) ?? pod;
      // A client in its host's network has no port by which to be known.
      if (end === 0 && known.kind === "pod" && known.hostNetwork) return undefined;
      if (found !== undefined && found.uid !== known.uid) return undefined;
      found = known;
    }
    return found;
  }

  /** The Service whose address, or whose port of a node, the initiator sent to. */
  #target(ends: FlowEnds): ServiceEntity | undefined {
    const { nodes } = this.#addresses;
    const number = this.#addresses.services.ownerAt(ends.bytes, ends.target, ends.startMs);
    const entity = number === NONE ? undefined : this.#entities.get(number);
    if (entity?.kind === "service") return entity;
    const service = this.services.byNodePort(ends.targetPort);
    return service && nodes.ownerAt(ends.bytes, ends.target, ends.startMs) !== NONE ? service : undefined;
  }

  /** The Service at the end's own address: nobody is behind it. */
  #serviceAt(ends: FlowEnds, end: 0 | 1): ServiceEntity | undefined {
    const number = this.#addresses.services.ownerAt(ends.bytes, ends.addressOf(end), ends.startMs);
    const entity = number === NONE ? undefined : this.#entities.get(number);
    return entity?.kind === "service" ? entity : undefined;
  }

  /** The Service that the end is behind: the only one, or of several the only one with an address. */
  #behind(ends: FlowEnds, end: 0 | 1): ServiceEntity | undefined {
    let [all, withAddress] = [0, 0];
    let [any, preferred]: (ServiceEntity | undefined)[] = [undefined, undefined];
    const port = end === 1 ? ends.portOf(1) : 0;
    for (const endpoint of this.endpoints.of(ends.bytes, ends.addressOf(end))) {
      if (!isEndpoint(endpoint, port, ends.startMs)) continue;
      const service = this.services.byName(endpoint.slice.service);
      if (service === undefined || service === any || service === preferred) continue;
      all++;
      any = service;
      if (!service.hasAddress) continue;
      withAddress++;
      preferred = service;
    }
    return all === 1 ? any : withAddress === 1 ? preferred : undefined;
  }
}

/** The container of a pod: by its identifier, by the port that only it declares, or the only one. */
function containerOf({ containers }: PodEntity, id: string, port: number): string {
  if (id !== "") {
    const known = containers.find((container) => container.id === id);
    if (known) return known.name;
  }
  const declared = port === 0 ? [] : containers.filter(({ ports }) => ports.includes(port));
  if (declared.length === 1) return declared[0]!.name;
  return containers.length === 1 ? containers[0]!.name : "";
}
