import type { z } from "zod";
import type { EmbeddedDocument } from "./documents.ts";
import { documentObjects } from "./kinds-of-rules.ts";
import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Container, Pod } from "./pods.ts";
import { quantity } from "./quantities.ts";
import { type Context, decided, type Problem, type Rule, type RuleFacts, rule, type Undecided } from "./rule.ts";
import { podsBehind } from "./services.ts";
import { at, type Fields, fields, isFields, type Path, text, texts } from "./values.ts";

/** Sections of a collector's configuration that hold components. */
export const sections = ["receivers", "processors", "exporters", "connectors", "extensions"] as const;
export type Section = (typeof sections)[number];

/** A pipeline: its components by id. */
export interface Pipeline {
  readonly name: string;
  readonly signal: string;
  readonly path: Path;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** A collector: its configuration and the pods that run it. */
export interface Collector {
  readonly object: KubernetesObject;
  readonly path: Path;
  readonly config: Fields;
  readonly pipelines: readonly Pipeline[];
  readonly pods: readonly Pod[];
  /** The container that runs it, where it is known. */
  readonly container: Container | undefined;
  readonly memoryLimit: number | undefined;
}

/**
 * Type of a component by its id: `otlp/spans` is `otlp`. Since v0.150 names have underscores; both are one type here.
 */
export function typeOf(id: string): string {
  const type = (id.split("/")[0] as string).replaceAll("_", "");
  return type === "otlpgrpc" ? "otlp" : type;
}

/** Settings of a component. */
export const component = (collector: Collector, section: Section, id: string): Fields =>
  fields(at(collector.config, section, id));

/** The collectors of a set. */
export function collectors(set: ObjectSet): readonly Collector[] {
  return set.once("collectors", () =>
    documentObjects({ set }).flatMap((object) =>
      set
        .documents(object)
        .flatMap((document) => (document.format === "collector" ? [collectorOf(set, document)] : [])),
    ),
  );
}

function collectorOf(set: ObjectSet, { object, path, value }: EmbeddedDocument): Collector {
  const pods =
    object.kind === "OpenTelemetryCollector"
      ? set.podsIn(object.namespace).filter((pod) => pod.object === object)
      : set.podsUsing(object);
  const [pod] = pods;
  const container =
    pod === undefined
      ? undefined
      : object.kind === "OpenTelemetryCollector"
        ? pod.containers[0]
        : pod.mounts(object.kind as "ConfigMap" | "Secret", object.name)[0];
  return {
    object,
    path,
    config: value,
    pods,
    container,
    memoryLimit: quantity(at(container?.fields, "resources", "limits", "memory")),
    pipelines: Object.entries(fields(at(value, "service", "pipelines"))).flatMap(([name, pipeline]) =>
      isFields(pipeline)
        ? [
            {
              name,
              signal: name.split("/")[0] as string,
              path: [...path, "service", "pipelines", name],
              receivers: texts(pipeline.receivers),
              processors: texts(pipeline.processors),
              exporters: texts(pipeline.exporters),
            },
          ]
        : [],
    ),
  };
}

/** Replicas of the pods of a collector; undefined where there is one on each node. */
export const replicasOf = ({ pods }: Collector): number | undefined =>
  pods[0] === undefined
    ? undefined
    : pods.reduce<number | undefined>(
        (sum, { replicas }) => (sum === undefined || replicas === undefined ? undefined : sum + replicas),
        0,
      );

/** A rule over each collector. */
export function collectorRule<P extends z.ZodObject>(
  facts: RuleFacts<P>,
  check: (subject: Collector, context: Context<z.output<P>>) => Iterable<Problem | Undecided>,
): Rule {
  return rule<P>(facts, (context) =>
    collectors(context.set).map((collector) => ({
      object: collector.object,
      check: () => decided(() => check(collector, context)),
    })),
  );
}

/** Services over the pods of a collector. */
export function servicesOf(set: ObjectSet, collector: Collector): readonly string[] {
  return set.once(`services of ${collector.object.id}/${collector.path.join("/")}`, () =>
    set.services
      .filter((service) => podsBehind(set, service).some((pod) => collector.pods.includes(pod)))
      .map(({ namespace, name }) => `${namespace}/${name}`),
  );
}

/** `namespace/name` of the Service that an address names, from an object of a namespace. */
export function serviceIn(address: string | undefined, namespace: string): string | undefined {
  const host = text(address)
    ?.replace(/^\w+:\/{2,3}/, "")
    .split(/[:/]/)[0];
  if (!host) return undefined;
  const parts = host.split(".");
  if (parts[2] !== undefined && parts[2] !== "svc") return parts[3] === "svc" ? `${parts[2]}/${parts[1]}` : undefined;
  return `${parts[1] ?? namespace}/${parts[0]}`;
}

/** Collectors that sample whole traces and of which there are several. */
export function samplingGateways(set: ObjectSet): readonly Collector[] {
  return set.once("sampling gateways", () =>
    collectors(set).filter(
      (collector) =>
        (replicasOf(collector) ?? 1) > 1 &&
        collector.pipelines.some(({ processors }) => processors.some((id) => typeOf(id) === "tailsampling")),
    ),
  );
}
