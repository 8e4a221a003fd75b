import { formatPlace, isKnownLater, nearest } from "../../formats/index.ts";
import { alreadyExists, type Finding, removeItem, removeKey, renameKey } from "../../sizing/index.ts";
import { type Blocks, type CollectorConfig, collectorPorts, type Pipeline } from "../config.ts";
import { type ComponentKind, componentKinds, distribution } from "./distribution.ts";
import { connectionsOf } from "./extend.ts";
import type { CollectorAdditions } from "./props.ts";

/** What additions are added to. */
export interface Collector {
  readonly config: CollectorConfig;
  /** Ports that it uses beyond those of every collector. */
  readonly ports: Readonly<Record<string, number>>;
  /** Variables of its container. */
  readonly env: object;
  /** Whether traces and series are routed to one of several collectors: then receivers of its own would split them. */
  readonly routed: boolean;
}

const rejected = (place: readonly PropertyKey[], message: string, fix: string): Finding => ({
  code: "SKP1322",
  at: formatPlace(["additions", ...place]),
  message,
  fix,
});

/** Finds every addition that the collector would reject, ignore, or connect to nothing. */
export function validateCollectorAdditions(additions: CollectorAdditions, collector: Collector): readonly Finding[] {
  return [
    ...componentKinds.flatMap((kind) => unknownOrTaken(kind, additions[kind] ?? {}, collector.config)),
    ...Object.entries(additions.pipelines ?? {}).flatMap(([name, pipeline]) =>
      pipelineFindings(name, pipeline, additions, collector),
    ),
    ...unused(additions),
    ...ports(additions, collector),
    ...withoutAddress(additions),
    ...variables(additions, collector),
  ];
}

function unknownOrTaken(kind: ComponentKind, blocks: Blocks, config: CollectorConfig): readonly Finding[] {
  const known = distribution[kind];
  return Object.keys(blocks).flatMap((name): readonly Finding[] => {
    if (name in (config[kind] ?? {})) {
      const fix = renameKey(name, `${name.split("/")[0]}/own`);
      return [alreadyExists(formatPlace(["additions", kind, name]), `${name} of the collector`, fix)];
    }
    const [type = "", ...rest] = name.split("/");
    if (known.includes(type)) return [];
    const meant = nearest(type, known);
    const what = `the collector ${distribution.version} has no ${kind.slice(0, -1)} ${type}`;
    return [
      rejected(
        [kind, name],
        meant ? `${what}: did you mean ${meant}?` : `${what}; it has ${known.join(", ")}`,
        meant ? renameKey(name, [meant, ...rest].join("/")) : removeKey(name),
      ),
    ];
  });
}

/** Names that a pipeline may list, by section. */
function namesFor(part: keyof Pipeline, additions: CollectorAdditions, config: CollectorConfig): ReadonlySet<string> {
  const sections: readonly ComponentKind[] = part === "processors" ? [part] : [part, "connectors"];
  return new Set(sections.flatMap((kind) => Object.keys({ ...config[kind], ...additions[kind] })));
}

const parts = ["receivers", "processors", "exporters"] as const;

/** Processors that every pipeline has already, at the place where they belong. */
const placedProcessors: readonly string[] = ["memory_limiter", "batch"];

function pipelineFindings(
  name: string,
  added: Partial<Pipeline>,
  additions: CollectorAdditions,
  { config, routed }: Collector,
): readonly Finding[] {
  const own = config.service.pipelines[name];
  const references = parts.flatMap((part) => {
    const known = namesFor(part, additions, config);
    return (added[part] ?? []).flatMap((component, index): readonly Finding[] => {
      const place = ["pipelines", name, part, index];
      if (placedProcessors.includes(component) && part === "processors")
        return [rejected(place, `${component} is in every pipeline already`, removeItem(index))];
      if ((own?.[part] ?? []).includes(component) || added[part]?.indexOf(component) !== index)
        return [alreadyExists(formatPlace(["additions", ...place]), `${component} in the pipeline`, removeItem(index))];
      if (known.has(component)) return [];
      const meant = nearest(component, [...known]);
      const all = [...known].filter((each) => !placedProcessors.includes(each)).join(", ");
      return [
        rejected(
          place,
          `there is no ${part.slice(0, -1)} ${component}${meant ? `: did you mean ${meant}?` : ""}`,
          meant ?? `# write one of ${all}`,
        ),
      ];
    });
  });
  const missing = own
    ? []
    : (["receivers", "exporters"] as const)
        .filter((part) => (added[part] ?? []).length === 0)
        .map((part) =>
          rejected(
            ["pipelines", name],
            `has no ${part}, and the collector has no pipeline of this name: its own are ${Object.keys(config.service.pipelines).join(", ")}`,
            `# add ${part}, or write the name of one of the collector's own pipelines`,
          ),
        );
  return [...references, ...missing, ...(routed ? split(name, added, own, additions) : [])];
}

/** Exporters whose series belong to one gateway each. */
const routedExporters: readonly string[] = ["prometheus", "span_metrics"];

/** A receiver of the gateway's own in front of what needs all spans of a trace, or all values of a series. */
function split(
  name: string,
  added: Partial<Pipeline>,
  own: Pipeline | undefined,
  additions: CollectorAdditions,
): readonly Finding[] {
  const processors = [...(own?.processors ?? []), ...(added.processors ?? [])];
  const exporters = [...(own?.exporters ?? []), ...(added.exporters ?? [])];
  const samples = processors.some((each) => each.split("/")[0] === "tail_sampling");
  if (!samples && !exporters.some((each) => routedExporters.includes(each))) return [];
  return (added.receivers ?? []).flatMap((receiver, index): readonly Finding[] => {
    if (!additions.receivers || !(receiver in additions.receivers)) return [];
    return [
      {
        code: "SKP1323",
        at: formatPlace(["additions", "pipelines", name, "receivers", index]),
        message: `${receiver} receives at every gateway, and ${samples ? "sampling needs all spans of a trace" : "a series has one gateway"}`,
        fix: `# remove item ${index + 1} of the list: add the receiver to otelAgent, whose pipelines are routed`,
      },
    ];
  });
}

/** Components that no pipeline uses: the collector ignores them. */
function unused(additions: CollectorAdditions): readonly Finding[] {
  const used = new Set(
    Object.values(additions.pipelines ?? {}).flatMap((each) => parts.flatMap((part) => each[part] ?? [])),
  );
  return (["receivers", "processors", "exporters", "connectors"] as const).flatMap((kind) =>
    Object.keys(additions[kind] ?? {})
      .filter((name) => !used.has(name))
      .map((name) => rejected([kind, name], "is in no pipeline", removeKey(name, "or add it to a pipeline"))),
  );
}

function ports(additions: CollectorAdditions, collector: Collector): readonly Finding[] {
  const taken = new Map<string, string>(
    Object.values({ ...collectorPorts, ...collector.ports }).map((port) => [`${port}`, "the collector"]),
  );
  return connectionsOf(additions).listeners.flatMap(({ component, port, udp, loopback }): readonly Finding[] => {
    const kind = component in (additions.receivers ?? {}) ? "receivers" : "exporters";
    const place = [kind, component];
    if (loopback && kind === "receivers")
      return [
        rejected(place, `listens on loopback, where no other pod reaches it`, `# write the address 0.0.0.0:${port}`),
      ];
    if (port < 1 || port > 65_535) return [rejected(place, `${port} is not a port`, "# write a port from 1 to 65535")];
    const key = udp ? `${port}/udp` : `${port}`;
    const other = taken.get(key);
    taken.set(key, component);
    if (other === undefined) return [];
    return [alreadyExists(formatPlace(["additions", ...place]), `port ${port} of ${other}`, "# write another port")];
  });
}

/** Exporters that connect to nothing. */
const local: readonly string[] = ["debug", "nop", "file"];

/** Exporters for which network policies would admit nothing. */
function withoutAddress(additions: CollectorAdditions): readonly Finding[] {
  const { listeners, destinations } = connectionsOf(additions);
  if ((additions.destinations ?? []).length > 0) return [];
  const known = new Set([...listeners, ...destinations].map(({ component }) => component));
  return Object.keys(additions.exporters ?? {})
    .filter((name) => !known.has(name) && !local.includes(name.split("/")[0] as string))
    .map((name) =>
      rejected(["exporters", name], "states no address that network policies can admit", "# add it to destinations"),
    );
}

/** `${env:NAME}` and `${NAME}`, without a default. `$$` is a dollar sign. */
const reference = /\$\{(?:env:)?([A-Za-z_]\w*)\}/g;

function variables(
  { secrets = {}, destinations: _, pipelines: __, ...blocks }: CollectorAdditions,
  { env }: Collector,
) {
  const text = JSON.stringify(blocks).replaceAll("$$", "");
  const used = new Set([...text.matchAll(reference)].map(([, name]) => name as string));
  return [
    ...Object.keys(secrets).flatMap((name): readonly Finding[] => {
      const place = ["secrets", name];
      if (name in env)
        return [
          alreadyExists(formatPlace(["additions", ...place]), `the variable ${name}`, renameKey(name, `OWN_${name}`)),
        ];
      return used.has(name) ? [] : [rejected(place, `no component refers to \${env:${name}}`, removeKey(name))];
    }),
    ...[...used]
      .filter((name) => !(name in secrets) && !(name in env) && !isKnownLater(name))
      .map((name) =>
        rejected(
          ["secrets"],
          `the components refer to \${env:${name}}, which is not set`,
          `# add ${name}: {secret: name-of-the-secret, key: key-in-it} to secrets`,
        ),
      ),
  ];
}
