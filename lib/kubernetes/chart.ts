import type { LRParser } from "@lezer/lr";
import { parser as promqlParser } from "@prometheus-io/lezer-promql";
import { ApiObject, Chart } from "cdk8s";
import type { Construct } from "constructs";
import type { Port } from "../formats/index.ts";
import { type AlertOverrides, hasThreshold, overrideAlerts } from "../monitoring/alert-overrides.ts";
import type { Dashboard } from "../monitoring/dashboard.ts";
import type { Evaluator, RuleGroup, Severity } from "../monitoring/rules.ts";
import type { ObjectStorageUse, Resources, WorkloadSize } from "../sizing/index.ts";
import type { CertificateAuthority } from "./authorities.ts";
import { type ClusterFacts, defaultCluster } from "./cluster.ts";
import type { SelectedPods, WorkloadConstruct } from "./constructs.ts";
import { type ImageName, type ImageOptions, imageReference } from "./images.ts";
import { type Identity, type Labels, objectLabels } from "./labels.ts";
import type { Edge, Endpoint, Peer, Pods } from "./network.ts";
import { type ComponentOptions, type ImageOverride, optionsOf, type WorkloadOptions } from "./options/index.ts";
import { assertPlain } from "./plain.ts";
import { outwardPeers } from "./proxy.ts";

/** What every component takes. Options are those of its main workload or of all its pods: see {@link ComponentOptions}. */
export interface ComponentProps extends ComponentOptions {
  /** Namespace of every namespaced object; it must exist. May be a Pulumi Output. */
  readonly namespace: string;
  /** Name of this instance and prefix of its object names. Must be unique per component and namespace. @default the component's name */
  readonly name?: string;
  /** The cluster it runs on. @default a generic cluster */
  readonly cluster?: ClusterFacts;
  /** Registry map and pull secrets. @default the public registries */
  readonly images?: ImageOptions;
  /** Authorities whose certificates its programs trust, beside those of their images. Rotated bundles are read at the next restart. @default none */
  readonly certificateAuthorities?: readonly CertificateAuthority[];
  /** Who evaluates its rules. @default "prometheus" */
  readonly evaluator?: Evaluator;
  /**
   * Name of the stack that it belongs to, at most 56 characters: only the Prometheus of the same stack uses its monitors and rules.
   * @default none: every Prometheus that selects `release: kube-prometheus-stack` uses them
   */
  readonly stack?: string;
  /**
   * Name of the stack whose Grafana alone loads its dashboards and data sources, at most 56 characters.
   * @default none: every Grafana whose sidecars select `grafana_dashboard: "1"` and `grafana_datasource: "1"` loads them
   */
  readonly grafanaStack?: string;
  /** Base URL of the runbooks, from which each alert's `runbook_url` is made. @default "docs/runbooks", the folder of this package */
  readonly runbooks?: string;
  /**
   * URL at which people reach Grafana: the start of each alert's `dashboard_url`, which opens its dashboard with the
   * cluster and namespace of the alert.
   * @default none: alerts have only the `dashboard_uid`
   */
  readonly grafanaUrl?: string;
  /**
   * Changes of its alerts, by name.
   * @default none
   * @example { MimirIngesterUnhealthy: { for: "10m", severity: "warning" }, MimirPushLatency: { enabled: false } }
   */
  readonly alertOverrides?: AlertOverrides;
}

/** An object of a published model, whose name may be typed as optional. */
interface ObjectModel {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

/** Requests of a workload: a row of `skopos plan`. */
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

/** Target of a monitor: the Prometheus of the stack is allowed to connect to it. */
export interface ScrapeTarget {
  readonly pods: Pods | SelectedPods | WorkloadConstruct;
  /** Port of the pods. */
  readonly port: number;
}

/** An alert of a component before any change. */
export interface KnownAlert {
  readonly name: string;
  readonly severity: Severity;
  /** Whether it has a threshold that can be changed. */
  readonly hasThreshold: boolean;
}

/** A component as a cdk8s chart: its objects with explicit names, its endpoints and its connections. */
export abstract class ComponentChart<Endpoints = object> extends Chart {
  /** Endpoints that other components can connect to. */
  abstract readonly endpoints: Endpoints;
  /** The component's name: its folder under `components/`. */
  readonly component: string;
  /** Name of this instance. */
  readonly name: string;
  /** Namespace of its namespaced objects. Not `namespace`: cdk8s would put that on cluster-scoped objects too. */
  readonly home: string;
  readonly cluster: ClusterFacts;
  readonly images: ImageOptions;
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly evaluator: Evaluator;
  /** Name of the stack that it belongs to. */
  readonly stack: string | undefined;
  /** Name of the stack whose Grafana alone loads its dashboards and data sources. */
  readonly grafanaStack: string | undefined;
  readonly runbooks: string;
  readonly grafanaUrl: string | undefined;
  /** Rule groups of the component. */
  readonly ruleGroups: RuleGroup[] = [];
  readonly alertOverrides: AlertOverrides;
  /** Alerts of the component before any change. */
  readonly knownAlerts: KnownAlert[] = [];
  /** Dashboards of the component. */
  readonly dashboards: Dashboard[] = [];
  /** Every connection that this component opens or accepts from outside the stack. */
  readonly edges: Edge[] = [];
  /** Targets of its monitors. */
  readonly scrapes: ScrapeTarget[] = [];
  /** Every workload's requests. */
  readonly footprints: Footprint[] = [];
  /** Use of object storage. @default none */
  readonly objectStorage: ObjectStorageUse[] = [];
  /** Images of the catalogue that its pods run. */
  readonly usedImages = new Set<ImageName>();
  /** References of images that replace one of the catalogue, by reference. */
  readonly replacedImages = new Map<string, ImageName>();
  /** The part whose amounts are the component's own. */
  readonly mainPart: string;
  /** The image that most of its workloads run. */
  readonly mainImage: ImageName;
  readonly #options: ComponentOptions;

  /** @param main the main part and image. @default both are called like the component */
  constructor(
    scope: Construct,
    id: string,
    component: string,
    props: ComponentProps,
    main: { readonly part?: string; readonly image?: ImageName } = {},
  ) {
    super(scope, id);
    this.component = component;
    this.mainPart = main.part ?? component;
    this.mainImage = main.image ?? (component as ImageName);
    this.name = props.name ?? component;
    this.home = props.namespace;
    this.cluster = props.cluster ?? defaultCluster;
    this.images = props.images ?? {};
    this.#options = props;
    this.certificateAuthorities = props.certificateAuthorities ?? [];
    this.evaluator = props.evaluator ?? "prometheus";
    this.stack = props.stack;
    this.grafanaStack = props.grafanaStack;
    this.runbooks = props.runbooks ?? "docs/runbooks";
    this.grafanaUrl = props.grafanaUrl?.replace(/\/+$/, "");
    this.alertOverrides = props.alertOverrides ?? {};
  }

  /** Applies the overrides of alerts to rule groups. @param parser of the language of the rules */
  changeAlerts(groups: readonly RuleGroup[], parser: LRParser = promqlParser): readonly RuleGroup[] {
    for (const rule of groups.flatMap(({ rules }) => rules)) {
      if (!("alert" in rule)) continue;
      this.knownAlerts.push({ name: rule.alert, severity: rule.severity, hasThreshold: hasThreshold(rule, parser) });
    }
    return overrideAlerts(groups, this.alertOverrides, parser);
  }

  /** The identity of one part of this instance. */
  identity(part: string): Identity {
    return { name: this.component, instance: this.name, part };
  }

  /** The pods of one part, as edges name them. */
  pods(part: string, labels?: Labels): Pods {
    return { namespace: this.home, identity: this.identity(part), ...(labels && { labels }) };
  }

  /** Adds one object to the chart. Its construct id is its kind and name, and the namespace if that id is taken. */
  add<T extends ObjectModel>(object: T): ApiObject {
    // Custom resource definitions are published by others, and their descriptions mention NaN.
    if (object.kind !== "CustomResourceDefinition") assertPlain(object, `${object.kind}-${object.metadata?.name}`);
    return this.addAsIs(object);
  }

  /** Adds an object that others have written, whose texts may say anything. */
  addAsIs<T extends ObjectModel>(object: T): ApiObject {
    const id = `${object.kind}-${object.metadata?.name}`;
    const group = object.apiVersion.replace(/\/.*/, "");
    const ids = [id, `${id}-${object.metadata?.namespace}`, `${id}-${object.metadata?.namespace}-${group}`];
    return new ApiObject(this, ids.find((each) => this.node.tryFindChild(each) === undefined) ?? id, object);
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

  /** The options of one part's pods. @param everyNode whether they run on every node */
  options(part: string, image?: ImageName, everyNode = false): WorkloadOptions {
    const target = { workload: part, main: part === this.mainPart, mainImage: image === this.mainImage, everyNode };
    return optionsOf(this.#options, target);
  }

  /** An image's reference, noted for `skopos images`. */
  image(name: ImageName, override?: ImageOverride): string {
    const reference = imageReference(name, this.images, override);
    if (override) this.replacedImages.set(reference, name);
    else this.usedImages.add(name);
    return reference;
  }

  /** Declares a connection from pods to a peer, from which the network policies of both sides are made. */
  connects(from: Peer, to: Peer, ports: readonly Port[], why: string, udp?: readonly number[]): void {
    this.edges.push({ from, to, ports, why, ...(udp && { udp }) });
  }

  /** Declares a connection to an endpoint of another component: to its pods, or to any address if they are not known. */
  connectsTo(from: Peer, to: Endpoint, why: string): void {
    const ports = [to.targetPort ?? to.port];
    if (to.pods) this.connects(from, to.pods, ports, why);
    else this.connectsOutside(from, [to.host], ports, why);
  }

  /**
   * Declares a connection by HTTP or gRPC to hosts outside the cluster, through the cluster's proxy if it has one.
   * @param hosts undefined if they are not known: URLs in Secrets
   */
  connectsOutside(from: Peer, hosts: readonly string[] | undefined, ports: readonly Port[], why: string): void {
    for (const { to, ports: there, through } of outwardPeers(this, hosts, ports))
      this.connects(from, to, there, through ? `${why}, through the proxy` : why);
  }
}

/** Names a part's objects: `mimir-ingester`, and just `grafana` where the part is the component. */
export function partName(chart: ComponentChart, part: string): string {
  return part === chart.component ? chart.name : `${chart.name}-${part}`;
}
