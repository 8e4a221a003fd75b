import type { ObjectChange } from "../model/changes.ts";
import { compare, lastField } from "../model/compare.ts";
import { parseEmbedded } from "../model/embedded.ts";
import { compareText, type Fields, fields, isFields, items, list, type Manifest, same, text } from "../model/object.ts";
import type { Meaning, Reader } from "./meaning.ts";

/** Dashboards added, removed and changed, panel by panel. */
export const dashboardMeaning: Reader = function* (changes) {
  for (const change of changes) {
    const [old, now] = [dashboardsOf(change.before), dashboardsOf(change.after)];
    for (const uid of [...new Set([...old.keys(), ...now.keys()])].sort(compareText))
      yield* changesOf(change, old.get(uid), now.get(uid));
  }
};

function* changesOf({ id }: ObjectChange, before: Fields | undefined, after: Fields | undefined): Generator<Meaning> {
  const say = (severity: Meaning["severity"], words: string): Meaning => ({
    area: "dashboards",
    severity,
    text: words,
    object: id,
  });
  const title = `dashboard "${text((after ?? before)?.title) ?? "untitled"}"`;
  if (!before) return yield say("info", `${title} is added`);
  if (!after) return yield say("warning", `${title} is removed: links to it break`);
  const [old, now] = [panelsOf(before), panelsOf(after)];
  for (const key of [...new Set([...old.keys(), ...now.keys()])].sort(compareText)) {
    const [panel, panelNow] = [old.get(key), now.get(key)];
    const name = `${title}, panel "${text((panelNow ?? panel)?.title) ?? key}"`;
    if (!panel) yield say("info", `${name} is added`);
    else if (!panelNow) yield say("warning", `${name} is removed`);
    else if (!same(panel, panelNow)) {
      const { changes } = compare(panel, panelNow);
      const parts = [...new Set(changes.map(({ path }) => kindOf(lastField(path))))].sort(compareText);
      if (parts.length > 0)
        yield say(parts.includes("query") ? "warning" : "info", `${name} changes its ${parts.join(", ")}`);
    }
  }
  const rest = ({ panels: _, ...others }: Fields) => others;
  if (!same(rest(before), rest(after))) yield say("info", `${title} changes its variables, links or settings`);
}

const kindOf = (field: string): string =>
  ({
    expr: "query",
    query: "query",
    definition: "query",
    targets: "query",
    title: "title",
    description: "description",
    unit: "unit",
  })[field] ??
  (/^(?:x|y|w|h|gridPos)$/.test(field) ? "position" : /steps|thresholds|value/.test(field) ? "thresholds" : "options");

/** Dashboards of a ConfigMap by UID, else by file. */
function dashboardsOf(object: Manifest | undefined): ReadonlyMap<string, Fields> {
  const found = new Map<string, Fields>();
  if (object?.kind !== "ConfigMap") return found;
  for (const [file, content] of Object.entries(fields(object.data))) {
    if (!file.endsWith(".json") || typeof content !== "string") continue;
    const dashboard = parseEmbedded("json", content);
    if (isFields(dashboard) && Array.isArray(dashboard.panels)) found.set(text(dashboard.uid) ?? file, dashboard);
  }
  return found;
}

/** Panels by id, those inside collapsed rows too. */
function panelsOf(dashboard: Fields): ReadonlyMap<string, Fields> {
  const all = items(dashboard.panels).flatMap((panel) => [panel, ...items(list(panel.panels))]);
  return new Map(all.map((panel, index) => [String(panel.id ?? index), panel]));
}
