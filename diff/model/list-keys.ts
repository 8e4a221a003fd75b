import { type Fields, isFields } from "./object.ts";

/** How the items of a list are recognised on the other side. */
export interface ListIdentity {
  /** What the item is called in a path: `name=mimir`. */
  readonly keyOf: (item: unknown) => string;
  /** Whether another order is another meaning. */
  readonly ordered: boolean;
}

/** Fields that identify an item, the first that every item of both lists has and no two share. */
const keyFields: readonly (readonly string[])[] = [
  ["name"],
  ["metadata.name"],
  ["id"],
  ["uid"],
  ["alert", "labels.severity"],
  ["alert"],
  ["record", "labels"],
  ["refId"],
  ["job_name"],
  ["mountPath"],
  ["containerPort", "protocol"],
  ["port", "protocol"],
  ["topologyKey", "labelSelector"],
  ["kind", "namespace", "name"],
  ["key", "operator", "value", "effect"],
  ["tenant"],
  ["url"],
  ["path"],
  ["type"],
  ["selector"],
  ["matcher.id"],
];

/**
 * Lists whose order counts, by the name of the field that holds them: a collector's processors run one after the other,
 * environment variables refer to earlier ones, the first matching route of Alertmanager wins.
 */
const orderedLists: ReadonlySet<string> = new Set([
  "initContainers",
  "processors",
  "relabelings",
  "metricRelabelings",
  "relabel_configs",
  "metric_relabel_configs",
  "write_relabel_configs",
  "routes",
  "rules",
  "command",
  "statements",
  "path",
]);

/** How the items of two lists are matched, given the name of the field that holds them. */
export function listIdentity(field: string, a: readonly unknown[], b: readonly unknown[]): ListIdentity | undefined {
  const ordered = orderedLists.has(field);
  const all = [...a, ...b];
  if (all.every(isFields)) {
    for (const names of keyFields) {
      const keyOf = (item: unknown) => keyText(item as Fields, names);
      if (identifies(a, keyOf) && identifies(b, keyOf)) return { keyOf: keyOf as (item: unknown) => string, ordered };
    }
    return undefined;
  }
  if (all.every((item) => typeof item === "string")) {
    const flag = (item: unknown) => /^-[^=\s]+(?==)/.exec(item as string)?.[0] ?? (item as string);
    if (identifies(a, flag) && identifies(b, flag)) return { keyOf: flag, ordered };
  }
  return undefined;
}

function keyText(item: Fields, names: readonly string[]): string | undefined {
  const values = names.map((name) =>
    name.split(".").reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), item),
  );
  if (values[0] === undefined || values[0] === null) return undefined;
  const texts = values.map((value) => (typeof value === "object" ? JSON.stringify(value) : String(value ?? "")));
  return texts.filter((value, index) => index === 0 || value !== "").join(",");
}

function identifies(items: readonly unknown[], keyOf: (item: unknown) => string | undefined): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined || seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}
