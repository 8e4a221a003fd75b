import type { ObjectChange } from "../model/changes.ts";
import { type FieldChange, fieldNames, lastField } from "../model/compare.ts";
import { fields, list, nameOf, text } from "../model/object.ts";
import type { Meaning, Reader } from "./meaning.ts";

const monitors: ReadonlySet<string> = new Set(["ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig"]);

/** Scrape targets gained, lost, or scraped otherwise. */
export const scrapeMeaning: Reader = function* (changes) {
  for (const change of changes) {
    const { id, kind } = change;
    if (!monitors.has(id.kind)) continue;
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "scraping",
      severity,
      text: `${nameOf(id)} ${words}`,
      object: id,
    });
    if (kind === "removed") yield say("danger", "is removed: its targets are no longer scraped");
    else if (kind === "added") yield say("info", "is added: its targets are scraped");
    else for (const field of change.fields) yield* endpointChanges(field, say);
  }
};

function* endpointChanges(
  change: FieldChange,
  say: (severity: Meaning["severity"], words: string) => Meaning,
): Generator<Meaning> {
  const names = fieldNames(change.path);
  const field = lastField(change.path);
  const isEndpoint = /^(?:endpoints|podMetricsEndpoints)$/.test(field);
  if (isEndpoint && change.kind === "removed") yield say("danger", `loses the endpoint ${endpointName(change.before)}`);
  else if (isEndpoint && change.kind === "added") yield say("info", `gains the endpoint ${endpointName(change.after)}`);
  else if (names.includes("selector") || names.includes("namespaceSelector"))
    yield say("warning", "selects other targets");
  else if (field === "port" || field === "path" || field === "scheme")
    yield say("warning", `scrapes ${field} ${shown(change.after)} instead of ${shown(change.before)}`);
  else if (/^(?:interval|scrapeInterval)$/.test(field))
    yield say(
      "warning",
      `scrapes every ${shown(change.after)} instead of ${shown(change.before)}: rate windows must cover two scrapes`,
    );
}

const shown = (value: unknown): string =>
  value === undefined ? "(the default)" : (text(value) ?? JSON.stringify(value));
const endpointName = (value: unknown): string => text(fields(value).port) ?? JSON.stringify(value);

/** Where the labels of stored metrics are decided: fields whose items keep or drop labels and series. */
const relabelFields: ReadonlySet<string> = new Set([
  "relabelings",
  "metricRelabelings",
  "relabel_configs",
  "metric_relabel_configs",
  "writeRelabelConfigs",
  "write_relabel_configs",
]);

/** Labels and series that are newly kept or dropped. */
export const labelMeaning: Reader = function* (changes) {
  for (const change of changes) {
    for (const field of change.fields) yield* relabelChanges(change, field);
  }
};

function* relabelChanges({ id }: ObjectChange, change: FieldChange): Generator<Meaning> {
  const names = fieldNames(change.path);
  const within = names.findLast((name) => relabelFields.has(name));
  const say = (severity: Meaning["severity"], words: string): Meaning => ({
    area: "labels",
    severity,
    text: `${nameOf(id)} ${words}`,
    object: id,
  });
  if (within !== undefined) {
    const whole = names.at(-1) === within;
    const rules = (value: unknown) =>
      (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(ruleText).join("; ");
    if (whole && change.kind === "added") yield say("warning", `${within}: ${rules(change.after)}`);
    else if (whole && change.kind === "removed") yield say("warning", `${within}: no longer ${rules(change.before)}`);
    else if (whole && change.kind === "reordered") yield say("warning", `${within}: the rules run in another order`);
    else
      yield say(
        "warning",
        `${within}: ${names.at(-1)} is ${JSON.stringify(change.after)} instead of ${JSON.stringify(change.before)}`,
      );
    return;
  }
  const field = names.at(-1) ?? "";
  if (field === "externalLabels" || names.at(-2) === "externalLabels")
    yield say("warning", "has other external labels: stored series get a new identity");
  if (field === "honorLabels")
    yield say(
      "warning",
      change.after === true ? "keeps the labels that targets set" : "overwrites the labels that targets set",
    );
  if (field === "resource_to_telemetry_conversion" || names.includes("resource_to_telemetry_conversion"))
    yield say("warning", "turns other resource attributes into labels");
}

function ruleText(rule: unknown): string {
  const { action = "replace", regex, sourceLabels, source_labels, targetLabel, target_label } = fields(rule);
  const sources = list(sourceLabels ?? source_labels).join(", ");
  const target = targetLabel ?? target_label;
  return [
    text(action),
    sources && `on ${sources}`,
    regex !== undefined && `matching ${text(regex)}`,
    target !== undefined && `to ${text(target)}`,
  ]
    .filter((part) => part)
    .join(" ");
}
