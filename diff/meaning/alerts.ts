import { duration } from "../../policies/engine/quantities.ts";
import { parseEmbedded } from "../model/embedded.ts";
import {
  at,
  compareText,
  type Fields,
  fields,
  isFields,
  items,
  list,
  type Manifest,
  type ObjectId,
  same,
  text,
} from "../model/object.ts";
import { direction, sameQuery, thresholdChanges } from "../model/queries.ts";
import { changedWords, wordsText } from "../model/words.ts";
import type { Meaning, Reader } from "./meaning.ts";

interface AlertRule {
  readonly name: string;
  readonly rule: Fields;
  readonly object: ObjectId;
}

/** Alerts added, removed, loosened and tightened, wherever their rules stand: moving one to another group is no change. */
export const alertMeaning: Reader = function* (changes) {
  const before = changes.flatMap(({ before, id }) => alertsOf(before, id));
  const after = changes.flatMap(({ after, id }) => alertsOf(after, id));
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort(compareText);
  for (const name of names) {
    const [old, now] = [before, after].map((rules) => rules.filter((rule) => rule.name === name)) as [
      AlertRule[],
      AlertRule[],
    ];
    for (const [left, right] of matched(old, now)) {
      if (left && right) yield* changesOf(left, right);
      else if (right)
        yield { area: "alerts", severity: "info", text: `${title(right)} is added`, object: right.object };
      else if (left)
        yield {
          area: "alerts",
          severity: "danger",
          text: `${title(left)} is removed: it no longer notifies anyone`,
          object: left.object,
        };
    }
  }
};

/** Pairs the rules of one name: equal ones first, then those of one severity, then the rest in order. */
function matched(
  old: AlertRule[],
  now: AlertRule[],
): readonly (readonly [AlertRule | undefined, AlertRule | undefined])[] {
  const pairs: (readonly [AlertRule | undefined, AlertRule | undefined])[] = [];
  const [left, right] = [[...old], [...now]];
  const equal: ((a: Fields, b: Fields) => boolean)[] = [
    same,
    (a, b) => severityOf(a) === severityOf(b),
    () => left.length === 1 && right.length === 1,
  ];
  for (const test of equal) {
    for (const rule of [...left]) {
      const other = right.find((each) => test(rule.rule, each.rule));
      if (!other) continue;
      pairs.push([rule, other]);
      left.splice(left.indexOf(rule), 1);
      right.splice(right.indexOf(other), 1);
    }
  }
  return [
    ...pairs,
    ...left.map((rule) => [rule, undefined] as const),
    ...right.map((rule) => [undefined, rule] as const),
  ];
}

function* changesOf({ rule: before }: AlertRule, now: AlertRule): Generator<Meaning> {
  const { rule: after, object } = now;
  const say = (severity: Meaning["severity"], words: string): Meaning => ({
    area: "alerts",
    severity,
    text: `${title(now)} ${words}`,
    object,
  });
  const [from, to] = [text(before.expr) ?? "", text(after.expr) ?? ""];
  if (!sameQuery(from, to)) {
    const thresholds = thresholdChanges(from, to);
    if (!thresholds || thresholds.length === 0)
      yield say("warning", `has another expression: ${changedQuery(from, to)}`);
    for (const threshold of thresholds ?? []) {
      const { operator, before: old, after: next } = threshold;
      const looser = direction(threshold) === "looser";
      yield say(
        looser ? "warning" : "info",
        `is ${looser ? "loosened" : "tightened"}: fires at ${operator} ${next} instead of ${operator} ${old}`,
      );
    }
  }
  const [wait, waits] = [text(before.for) ?? "0s", text(after.for) ?? "0s"];
  const longer = (duration(waits) ?? 0) - (duration(wait) ?? 0);
  if (longer !== 0)
    yield say(
      longer > 0 ? "warning" : "info",
      `is ${longer > 0 ? "loosened" : "tightened"}: it has to hold for ${waits} instead of ${wait}`,
    );
  const [severity, severityNow] = [severityOf(before), severityOf(after)];
  if (severity !== severityNow) {
    const lower = rank(severityNow) < rank(severity);
    yield say(
      lower ? "warning" : "info",
      `is ${lower ? "loosened" : "tightened"}: severity ${severityNow || "none"} instead of ${severity || "none"}`,
    );
  }
  const without = ({ severity: _, ...labels }: Fields) => labels;
  if (!same(without(fields(before.labels)), without(fields(after.labels))))
    yield say("warning", "has other labels: routes, silences and inhibitions may no longer match");
}

const severityOf = (rule: Fields): string => text(at(rule, "labels", "severity")) ?? "";
const rank = (severity: string): number => ["none", "info", "warning", "critical"].indexOf(severity);
const title = ({ name, rule }: AlertRule): string => `alert ${name}${severityOf(rule) ? ` (${severityOf(rule)})` : ""}`;

/** Two versions of a query: the words that differ where both are long, else both. */
function changedQuery(from: string, to: string): string {
  const words = changedWords(from, to);
  return words ? wordsText(words) : `${oneLine(from)} -> ${oneLine(to)}`;
}

/** A query on one line, shortened. */
function oneLine(query: string): string {
  const line = query.replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

function alertsOf(object: Manifest | undefined, id: ObjectId): AlertRule[] {
  return ruleGroupsOf(object).flatMap((group) =>
    items(group.rules).flatMap((rule) =>
      typeof rule.alert === "string" ? [{ name: rule.alert, rule, object: id }] : [],
    ),
  );
}

/** The rule groups of an object: a PrometheusRule, or a ConfigMap with rule files of Mimir, Loki or Prometheus. */
function ruleGroupsOf(object: Manifest | undefined): readonly Fields[] {
  if (!object) return [];
  if (object.kind === "PrometheusRule") return items(at(object.spec, "groups"));
  if (object.kind !== "ConfigMap") return [];
  return Object.values(fields(object.data)).flatMap((content) => {
    if (typeof content !== "string" || !/^groups:/m.test(content)) return [];
    const document = parseEmbedded("yaml", content);
    return isFields(document) ? items(list(document.groups)) : [];
  });
}
