import { usersOf } from "./modules.ts";
import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Pod } from "./pods.ts";
import { allTexts, at, type Fields, type Path } from "./values.ts";

/** An address of a Service that a configuration names. */
export interface ServiceAddress {
  /** The object that holds it. */
  readonly object: KubernetesObject;
  readonly path: Path;
  readonly namespace: string;
  readonly name: string;
  readonly port: number | undefined;
  /** Name of the port of an SRV lookup: `_web._tcp.name`. */
  readonly portName: string | undefined;
  readonly text: string;
  /** The text that holds the address. */
  readonly whole: string;
  /** Pods that read it; empty where that is not known. */
  readonly readers: readonly Pod[];
  /** Whether several programs share the configuration and it is not known which of them use the address. */
  readonly shared: boolean;
}

const label = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
/** `name.namespace.svc...:port`, with the port names of SRV records before it. Pod names before the Service are skipped. */
const qualified = new RegExp(
  `(?:_(${label})\\._tcp\\.)?\\b(?:[\\w$(){}-]+\\.)?(${label})\\.(${label})\\.svc\\b(?:\\.[a-z0-9.-]+)?(?::(\\d{1,5}))?`,
  "g",
);
/** `scheme://name.namespace:port` and `scheme://name:port`: only schemes of requests. */
const schemed = new RegExp(
  `\\b(?:https?|grpc|dns|dnssrv|tcp)://(${label})(?:\\.(${label}))?(?::(\\d{1,5}))?(?=[/?"'\\s]|$)`,
  "g",
);

const defaultPorts = (text: string): number | undefined =>
  text.startsWith("https:") ? 443 : text.startsWith("http:") ? 80 : undefined;

/** Addresses of Services in one text. */
function addressesIn(
  text: string,
  namespace: string,
): Omit<ServiceAddress, "object" | "path" | "readers" | "shared" | "whole">[] {
  if (!text.includes(".svc") && !text.includes("://")) return [];
  const found = [...text.matchAll(qualified)].map(([whole, portName, name, space, port]) => ({
    namespace: space as string,
    name: name as string,
    port: port === undefined ? undefined : Number(port),
    portName,
    text: whole,
  }));
  for (const [whole, name, space, port] of text.matchAll(schemed)) {
    if (whole.includes(".svc") || name === "localhost" || found.some((each) => each.text.includes(whole))) continue;
    found.push({
      namespace: space ?? namespace,
      name: name as string,
      port: port === undefined ? defaultPorts(whole) : Number(port),
      portName: undefined,
      text: whole,
    });
  }
  return found;
}

/** Keys whose texts are for people: what they name is not called. */
const prose = new Set([
  "annotations",
  "description",
  "summary",
  "runbook_url",
  "message",
  "text",
  "title",
  "externalUrl",
  "external_url",
  "root_url",
]);

/** Every address of a Service in the set: in embedded documents, environments, arguments, and fields of custom resources. */
export function serviceAddresses(set: ObjectSet): readonly ServiceAddress[] {
  return set.once("addresses", () => [...documentAddresses(set), ...fieldAddresses(set)]);
}

function documentAddresses(set: ObjectSet): ServiceAddress[] {
  return [...set.ofKind("ConfigMap"), ...set.ofKind("Secret")].flatMap((object) =>
    set.documents(object).flatMap((document) => {
      if (document.format === "dashboard" || document.format === "rules") return [];
      const readers = set.podsUsing(object);
      const texts =
        document.format === "alloy" ? [[[], uncommented(document.text)] as const] : allTexts(document.value);
      return [...texts].flatMap(([path, text]) =>
        path.some((key) => prose.has(String(key))) || isSwitchedOff(document.value, path)
          ? []
          : addressesIn(text, object.namespace).map((address) => ({
              ...address,
              object,
              whole: text,
              path: [...document.path, ...path],
              readers: ["mimir", "loki", "tempo"].includes(document.format)
                ? (usersOf(path, readers) ?? readers)
                : readers,
              shared: usersOf(path, readers) === undefined,
            })),
      );
    }),
  );
}

/** Whether a value stands in a part of a configuration that says `enabled: false`. */
const isSwitchedOff = (value: Fields, path: Path): boolean =>
  path.some((_, depth) => at(value, ...path.slice(0, depth), "enabled") === false);

const uncommented = (text: string): string => text.replaceAll(/^\s*\/\/.*$/gm, "");

/** Kinds whose own fields hold addresses. */
const addressed = ["Prometheus", "PrometheusAgent", "Alertmanager", "OpenTelemetryCollector"];

function fieldAddresses(set: ObjectSet): ServiceAddress[] {
  return set.pods.flatMap((pod) => {
    const { object } = pod;
    const places: (readonly [Path, unknown])[] = addressed.includes(object.kind)
      ? [[["spec"], object.value.spec]]
      : pod.containers.flatMap(({ path, fields: container }) =>
          (["env", "args", "command"] as const).map((key) => [[...path, key], container[key]] as const),
        );
    return places.flatMap(([base, value]) =>
      [...allTexts(value)].flatMap(([path, text]) =>
        path.some((key) => prose.has(String(key)))
          ? []
          : addressesIn(text, object.namespace).map((address) => ({
              ...address,
              object,
              whole: text,
              path: [...base, ...path],
              readers: [pod],
              shared: false,
            })),
      ),
    );
  });
}

/** Services that something in the set calls, as `namespace/name`. */
export function calledServices(set: ObjectSet): ReadonlySet<string> {
  return set.once("called", () => new Set(serviceAddresses(set).map(({ namespace, name }) => `${namespace}/${name}`)));
}
