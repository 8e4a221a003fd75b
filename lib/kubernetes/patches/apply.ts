import { type ApiObject, JsonPatch } from "cdk8s";
import { nearest } from "../../formats/index.ts";
import { type Finding, InvalidPropsError, removeItem, removeKey } from "../../sizing/index.ts";
import type { ComponentChart } from "../chart.ts";
import { configHash, configHashAnnotation } from "../config-map.ts";
import type { KubernetesObject } from "../object.ts";
import { assertAmounts, patchFootprints } from "./footprint.ts";
import { jsonPatch, PatchError } from "./json-patch.ts";
import { matchesWildcard, type Patch } from "./patch.ts";
import { strategicMerge } from "./strategic-merge.ts";

/** An object of a chart, as it is now. */
interface Entry {
  readonly chart: ComponentChart;
  readonly object: ApiObject;
  json: KubernetesObject;
}

/** What goes wrong with a patch of one object. */
interface Failure extends Finding {
  /** Kind and name of the object. */
  readonly what: string;
}

/** How many of the objects that a patch fails on are named. */
const namesShown = 3;

/**
 * Applies patches to the objects of charts, in order, each to what the ones before have left. Capacity follows, and so do the
 * hashes that roll pods when a ConfigMap changes. Network policies, data sources and rules are not derived again.
 * @throws InvalidPropsError with every patch that matches nothing, cannot be applied, or makes another object of one
 */
export function applyPatches(charts: readonly ComponentChart[], patches: readonly Patch[]): void {
  if (patches.length === 0) return;
  const entries = charts.flatMap((chart) =>
    chart.apiObjects.map((object): Entry => ({ chart, object, json: object.toJson() as KubernetesObject })),
  );
  const findings = patches.flatMap((patch, index) => applyPatch(entries, patch, index));
  if (findings.length > 0) throw new InvalidPropsError("Observability", "patches", findings);
}

function applyPatch(entries: readonly Entry[], patch: Patch, index: number): readonly Finding[] {
  const at = `patches[${index}]`;
  const { kind, name, namespace } = patch.target;
  const matching = entries.filter(
    ({ json }) =>
      matchesWildcard(json.kind, kind) &&
      matchesWildcard(json.metadata.name, name) &&
      (namespace === undefined || matchesWildcard(json.metadata.namespace ?? "", namespace)),
  );
  if (matching.length === 0) return [nothingMatches(entries, patch, at)];
  const failures = matching.flatMap((entry): readonly Failure[] => {
    const { json: before } = entry;
    const what = `${before.kind} ${before.metadata.name}`;
    try {
      const after = patched(before, patch);
      assertAmounts(after);
      const changed = identityFields.find((field) => identityOf(before, field) !== identityOf(after, field));
      if (changed) {
        const message = `the patch changes ${changed}`;
        return [{ what, code: "SKP1312", message, ...withoutField(patch, changed, index) }];
      }
      replace(entries, entry, after);
      return [];
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      const isWhole = error.at === "" || isOnlyOperation(patch, error.fix);
      return [
        {
          what,
          code: "SKP1311",
          at: isWhole ? at : `${at}.${error.at}`,
          message: error.message,
          fix: isWhole && error.at !== "" ? removeItem(index) : error.fix,
        },
      ];
    }
  });
  return findingsOf(failures);
}

/** Failures with one finding for all objects that a patch fails on in the same way. */
function findingsOf(failures: readonly Failure[]): readonly Finding[] {
  const alike = Map.groupBy(failures, ({ what: _, ...failure }) => JSON.stringify(failure));
  return [...alike.values()].map((group) => {
    const [{ what: _, message, ...finding }] = group as [Failure, ...Failure[]];
    const names = group.slice(0, namesShown).map(({ what }) => what);
    const more = group.length - names.length;
    return { ...finding, message: `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}: ${message}` };
  });
}

/** Whether a patch would be empty without the operation that has to go. */
const isOnlyOperation = ({ merge, json = [] }: Patch, fix: string): boolean =>
  fix.startsWith("# remove") && !merge && json.length === 1;

/** Where a patch changes a field that it must not change, and what to do about it. */
function withoutField(patch: Patch, field: string, index: number): Pick<Finding, "at" | "fix"> {
  const at = `patches[${index}]`;
  const path = field.split(".");
  const merged = path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    patch.merge,
  );
  if (merged !== undefined) return { at: `${at}.merge.${field}`, fix: removeKey(path.at(-1) as string) };
  const operation = (patch.json ?? []).findIndex((each) => each.path === `/${path.join("/")}`);
  if (operation < 0 || isOnlyOperation(patch, removeItem(operation))) return { at, fix: removeItem(index) };
  return { at: `${at}.json[${operation}]`, fix: removeItem(operation) };
}

/** Kinds of Kubernetes itself, whose lists have merge keys; custom resources' groups have a dot and another domain. */
const builtIn = /^(v1|apps\/|batch\/|autoscaling\/|policy\/|[a-z.]+\.k8s\.io\/)/;

function patched(object: KubernetesObject, { merge, json }: Patch): KubernetesObject {
  const merged = merge ? strategicMerge(object, merge, builtIn.test(object.apiVersion)) : object;
  return jsonPatch(merged as KubernetesObject, json ?? []);
}

const identityFields = ["apiVersion", "kind", "metadata.name", "metadata.namespace"] as const;

function identityOf(object: KubernetesObject, field: (typeof identityFields)[number]): unknown {
  const metadata = (object.metadata ?? {}) as Partial<KubernetesObject["metadata"]>;
  if (field === "metadata.name") return metadata.name;
  if (field === "metadata.namespace") return metadata.namespace;
  return object[field];
}

/** Replaces an object by its patched form, and lets everything that depends on it follow. */
function replace(entries: readonly Entry[], entry: Entry, after: KubernetesObject): void {
  const before = entry.json;
  patchFootprints(entry.chart, before, after);
  set(entry, after);
  if (before.kind !== "ConfigMap") return;
  const hash = (object: KubernetesObject) => configHash((object.data ?? {}) as Record<string, string>);
  const [old, changed] = [hash(before), hash(after)];
  if (old === changed) return;
  const key = configHashAnnotation(before.metadata.name);
  for (const user of entries) {
    if (user.json.metadata.namespace !== before.metadata.namespace) continue;
    const annotations = user.json.spec?.template?.metadata?.annotations;
    if (annotations?.[key] !== old) continue;
    const rolled = structuredClone(user.json);
    rolled.spec.template.metadata.annotations[key] = changed;
    set(user, rolled);
  }
}

function set(entry: Entry, json: KubernetesObject): void {
  entry.json = json;
  entry.object.addJsonPatch(JsonPatch.replace("", json));
}

function nothingMatches(entries: readonly Entry[], { target }: Patch, at: string): Finding {
  const { kind, name, namespace } = target;
  const sameKind = entries.filter(({ json }) => matchesWildcard(json.kind, kind)).map(({ json }) => json.metadata.name);
  const kinds = [...new Set(entries.map(({ json }) => json.kind))].sort();
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  const known = sameKind.length > 0 ? [...new Set(sameKind)].sort() : kinds;
  const key = sameKind.length > 0 ? "name" : "kind";
  const meant = nearest(sameKind.length > 0 ? name : kind, known);
  const isKnown = meant !== undefined && meant !== name;
  return {
    code: "SKP1310",
    at: isKnown ? `${at}.target.${key}` : `${at}.target`,
    message: `no ${kind} ${name}${where}`,
    fix: isKnown
      ? meant
      : `# write one of the ${sameKind.length > 0 ? `objects of kind ${kind}` : "kinds"}: ${known.join(", ")}`,
  };
}
