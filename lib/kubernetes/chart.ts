import { ApiObject, type ApiObjectProps, Chart } from "cdk8s";
import type { Construct } from "constructs";
import type { Dashboard } from "../monitoring/dashboard.ts";
import type { Evaluator, RuleGroup } from "../monitoring/rules.ts";
import type { ObjectStorageUse, Resources, WorkloadSize } from "../sizing/index.ts";
import { type ClusterFacts, defaultCluster } from "./cluster.ts";
import type { SelectedPods, WorkloadConstruct } from "./constructs.ts";
import { type ImageName, type ImageOptions, imageReference } from "./images.ts";
import { type Identity, type Labels, objectLabels } from "./labels.ts";
import { type Edge, type Endpoint, type Peer, type Pods, peerOf } from "./network.ts";
import { assertPlain } from "./plain.ts";

/** What every component takes. */
export interface ComponentProps {
  /** Namespace of every namespaced object; it must exist. May be a Pulumi Output. */
  readonly namespace: string;
  /** Name of this instance: prefix of object names. Must differ where a component stands twice in one namespace. @default the component's name */
  readonly name?: string;
  /** The cluster it runs on. @default a plain cluster of which nothing is known */
  readonly cluster?: ClusterFacts;
  /** Registry map and pull secrets. @default the public registries */
  readonly images?: ImageOptions;
  /** PriorityClass of its pods. @default none */
  readonly priorityClassName?: string;
  /** Who evaluates its rules. @default "prometheus" */
  readonly evaluator?: Evaluator;
  /** Where runbooks are: the start of every alert's `runbook_url`. @default "docs/runbooks", the folder of this package */
  readonly runbooks?: string;
}

/** An object of a published model, whose name may be typed as optional. */
interface ObjectModel {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

/** What a workload asks of the cluster: a row of `skopos plan`. */
export interface Footprint {
  readonly component: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Of one pod, all containers together. */
  readonly perPod: Resources;
  /** Of the main container, with reasons. */
  readonly sized: WorkloadSize;
}

/** A scrape that a monitor asks for: whichever Prometheus is in the stack gets an edge to it. */
export interface ScrapeTarget {
  readonly pods: Pods | SelectedPods | WorkloadConstruct;
  /** Port at the pods. */
  readonly port: number;
}

/** A component as a cdk8s chart: plain objects with explicit names, and what it listens on and connects to. */
export abstract class ComponentChart<Endpoints = object> extends Chart {
  /** What others may connect to. */
  abstract readonly endpoints: Endpoints;
  /** The component's name: its folder under `components/`. */
  readonly component: string;
  /** Name of this instance. */
  readonly name: string;
  /** Namespace of its namespaced objects. Not `namespace`: cdk8s would put that on cluster-scoped objects too. */
  readonly home: string;
  readonly cluster: ClusterFacts;
  readonly images: ImageOptions;
  readonly priorityClassName: string | undefined;
  readonly evaluator: Evaluator;
  readonly runbooks: string;
  /** Every rule group it declares. */
  readonly ruleGroups: RuleGroup[] = [];
  /** Every dashboard it brings. */
  readonly dashboards: Dashboard[] = [];
  /** Every connection that this component opens or accepts from outside the stack. */
  readonly edges: Edge[] = [];
  /** What its monitors ask to be scraped. */
  readonly scrapes: ScrapeTarget[] = [];
  /** Every workload's requests. */
  readonly footprints: Footprint[] = [];
  /** What it keeps in object storage. @default nothing */
  readonly objectStorage: ObjectStorageUse[] = [];
  /** Images its pods run. */
  readonly usedImages = new Set<ImageName>();

  constructor(scope: Construct, id: string, component: string, props: ComponentProps) {
    super(scope, id);
    this.component = component;
    this.name = props.name ?? component;
    this.home = props.namespace;
    this.cluster = props.cluster ?? defaultCluster;
    this.images = props.images ?? {};
    this.priorityClassName = props.priorityClassName;
    this.evaluator = props.evaluator ?? "prometheus";
    this.runbooks = props.runbooks ?? "docs/runbooks";
  }

  /** The identity of one part of this instance. */
  identity(part: string): Identity {
    return { name: this.component, instance: this.name, part };
  }

  /** The pods of one part, as edges name them. */
  pods(part: string, labels?: Labels): Pods {
    return { namespace: this.home, identity: this.identity(part), ...(labels && { labels }) };
  }

  /** Adds one object to the chart. Its construct id is its kind and name, with the namespace where those are taken. */
  add<T extends ObjectModel>(object: T): ApiObject {
    const id = `${object.kind}-${object.metadata?.name}`;
    const taken = this.node.tryFindChild(id) !== undefined;
    // Resource definitions are documents of others, and say what NaN means.
    if (object.kind !== "CustomResourceDefinition") assertPlain(object, id);
    return new ApiObject(this, taken ? `${id}-${object.metadata?.namespace}` : id, object as unknown as ApiObjectProps);
  }

  /** Metadata of a namespaced object of one part, in the component's namespace unless another is named. */
  metadata(
    name: string,
    part: string,
    labels: Labels = {},
    namespace = this.home,
  ): { name: string; namespace: string; labels: Labels } {
    return { name, namespace, labels: { ...objectLabels(this.identity(part)), ...labels } };
  }

  /** An image's reference, noted for `skopos images`. */
  image(name: ImageName): string {
    this.usedImages.add(name);
    return imageReference(name, this.images);
  }

  /** Declares that pods open connections to a peer: the network policies of both sides come from it. */
  connects(from: Peer, to: Peer, ports: readonly number[], why: string, udp?: readonly number[]): void {
    this.edges.push({ from, to, ports, why, ...(udp && { udp }) });
  }

  /** Declares that pods connect to what another component publishes: its pods, or anywhere where those are not known. */
  connectsTo(from: Peer, to: Endpoint, why: string): void {
    this.connects(from, peerOf(to), [to.targetPort ?? to.port], why);
  }
}
