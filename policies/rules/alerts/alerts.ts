import { z } from "zod";
import {
  type EvaluatedRule,
  evaluatedRules as evaluatedAll,
  evaluatedRule,
  ruleName,
} from "../../engine/evaluated-rules.ts";
import { duration } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { fields, text, textEntries } from "../../engine/values.ts";

const readable = evaluatedRule(
  {
    id: "alerts/readable",
    title: "Every rule is PromQL or LogQL",
    severity: "error",
    why: "Prometheus refuses a whole rule file for one expression that it cannot read, and keeps the old one.",
    remedy: "Correct the expression at the place the message names.",
  },
  function* (subject) {
    if (subject.query.error === undefined || subject.language === "logql") return;
    const path = [...subject.path, "expr"];
    yield {
      message: `${ruleName(subject)} is no PromQL ${subject.query.error}`,
      path,
      fix: [set(path, "vector(0) # <expression>")],
    };
  },
);

const neverMatching = evaluatedRule(
  {
    id: "alerts/never-matches",
    title: "Both sides of an operation have labels in common",
    severity: "error",
    why: "A binary operation matches series whose labels are the same. Where one side was aggregated to labels that the other has not, the result is always empty: the alert never fires.",
    remedy: "Aggregate both sides by the same labels, or name the common ones with `on ()`.",
  },
  function* (subject) {
    if (subject.language === "logql") return;
    const [first] = subject.query.neverMatching;
    if (!first) return;
    const path = [...subject.path, "expr"];
    yield {
      message: `${ruleName(subject)} is always empty: ${first.left} on the left can match nothing of ${first.right} on the right in ${shortened(first.text)}`,
      path,
      fix: [set(path, subject.expr.replace(first.text, "<both sides by the same labels>"))],
    };
  },
);

const shortened = (query: string): string => (query.length > 120 ? `${query.slice(0, 117)}...` : query);

const absentOverShards = evaluatedRule(
  {
    id: "alerts/absent-over-shards",
    title: "No shard decides alone that something is absent",
    severity: "error",
    why: "Each shard holds a part of the targets. For the others the series is absent on every shard but one, which all fire.",
    remedy: "Evaluate the rule where all series are: in Mimir's or Thanos' ruler.",
  },
  function* (subject) {
    if (!subject.alert || subject.shards < 2) return;
    if (!subject.query.functions.has("absent") && !subject.query.functions.has("absent_over_time")) return;
    const path = [...subject.path, "expr"];
    const labels = Object.keys(fields(fields(subject.object.value.metadata).labels));
    yield {
      message: `${subject.alert} asks each of ${subject.shards} shards whether a series is absent`,
      path,
      fix: labels.map((label) => set(["metadata", "labels", label], undefined)),
    };
  },
);

const shortFor = evaluatedRule(
  {
    id: "alerts/short-for",
    title: "`for` spans at least two evaluations",
    severity: "warning",
    why: "An alert with a `for` shorter than two evaluation intervals fires on a single bad sample, which `for` is there to prevent.",
    remedy: "Make `for` at least twice the interval of the group, or leave it out where one sample is enough.",
  },
  function* (subject) {
    const held = duration(subject.fields.for);
    if (!subject.alert || !held || held >= 2 * subject.interval) return;
    const path = [...subject.path, "for"];
    yield {
      message: `${subject.alert} waits ${held} s, and is evaluated every ${subject.interval} s`,
      path,
      fix: [set(path, `${2 * subject.interval}s`)],
    };
  },
);

const runbook = evaluatedRule(
  {
    id: "alerts/runbook",
    title: "Every alert has a runbook",
    severity: "warning",
    why: "Who is woken has to know what it means and what to do first.",
    remedy: "Add the annotation `runbook_url`.",
    parameters: z.object({
      except: z.array(z.string()).default(["Watchdog", "InfoInhibitor"]).describe("Alerts that need none."),
    }),
  },
  function* (subject, { parameters }) {
    if (!subject.alert || parameters.except.includes(subject.alert)) return;
    const { runbook_url: url, runbook } = fields(subject.fields.annotations);
    if (text(url) || text(runbook)) return;
    const path = [...subject.path, "annotations", "runbook_url"];
    yield {
      message: `${subject.alert} has no runbook_url`,
      path,
      fix: [set(path, `https://runbooks.example.com/${subject.alert}`)],
    };
  },
);

const links = evaluatedRule(
  {
    id: "alerts/links",
    title: "Links in alerts are complete addresses",
    severity: "warning",
    why: "A notification in a chat or on a phone has no page that a relative link could be relative to: nobody can follow it.",
    remedy: "Start the link with https://. For the runbooks of this project set `skopos:runbooks`.",
  },
  function* (subject) {
    for (const [key, value] of textEntries(subject.fields.annotations)) {
      if (!/_?url$|^runbook$|_link$/.test(key) || /^https?:\/\//.test(value) || value.includes("{{")) continue;
      const path = [...subject.path, "annotations", key];
      yield {
        message: `${ruleName(subject)} links to ${value}`,
        path,
        fix: [set(path, `https://runbooks.example.com/${value}`)],
      };
    }
  },
);

const severity = evaluatedRule(
  {
    id: "alerts/severity",
    title: "Every alert has a severity",
    severity: "warning",
    why: "Alertmanager routes by the label. An alert without it goes to the root receiver, most often nobody.",
    remedy: "Add the label `severity`.",
  },
  function* (subject) {
    if (!subject.alert || text(fields(subject.fields.labels).severity)) return;
    const path = [...subject.path, "labels", "severity"];
    yield { message: `${subject.alert} has no severity`, path, fix: [set(path, "warning")] };
  },
);

const templateLabels = evaluatedRule(
  {
    id: "alerts/template-labels",
    title: "Annotations use only labels that the alert has",
    severity: "warning",
    why: "A label that was aggregated away is empty in the text: the notification names no pod, and nobody knows which one is meant.",
    remedy: "Add the label to the aggregation, or take it out of the text.",
  },
  function* (subject) {
    const own = Object.keys(fields(subject.fields.labels));
    const result =
      subject.language === "promql" && subject.query.error === undefined ? subject.query.labels : undefined;
    if (!subject.alert || !result) return;
    for (const [key, value] of textEntries(subject.fields.annotations)) {
      // `with` says what to write where there is no such label.
      const used = [...value.matchAll(/(?<!with )\$labels\.(\w+)/g)].map(([, label]) => label as string);
      const missing = used.find(
        (label) => !own.includes(label) && (result.exact ? !result.labels.has(label) : result.labels.has(label)),
      );
      if (missing === undefined) continue;
      const path = [...subject.path, "annotations", key];
      yield {
        message: `${subject.alert} names the label ${missing}, which its expression aggregates away`,
        path,
        fix: [set(path, value.replaceAll(new RegExp(`\\{\\{[^}]*\\$labels\\.${missing}\\b[^}]*\\}\\}`, "g"), "<...>"))],
      };
    }
  },
);

const duplicateAlerts = evaluatedRule(
  {
    id: "alerts/one-rule",
    title: "No rule is evaluated twice",
    severity: "error",
    why: "A rule that two groups hold fires twice and is notified twice; a recording rule with two writers gives samples out of order.",
    remedy: "Keep one of them.",
  },
  function* (subject, { set: objects }) {
    // What no Prometheus finds is not evaluated from there.
    const counts = ({ object, prometheus }: EvaluatedRule) =>
      object.kind !== "PrometheusRule" || prometheus !== undefined || objects.ofKind("Prometheus").length === 0;
    const all = objects.once("rulesByText", () => Map.groupBy(evaluatedAll(objects).filter(counts), keyOf));
    const [first] = all.get(keyOf(subject)) ?? [];
    if (first === subject || first === undefined || !counts(subject)) return;
    yield {
      message: `${ruleName(subject)} is also in ${first.object.id}, with the same expression and labels`,
      path: subject.path,
      fix: [set(subject.path, undefined)],
    };
  },
);

const keyOf = ({ alert, record, expr, fields: own, prometheus }: EvaluatedRule): string =>
  JSON.stringify([alert, record, expr, own.labels ?? {}, prometheus?.id]);

/** Rules about alerts and recordings. */
export const alertRules: readonly Rule[] = [
  readable,
  neverMatching,
  absentOverShards,
  shortFor,
  runbook,
  links,
  severity,
  templateLabels,
  duplicateAlerts,
];
