import { alertMatchers, formatPlace, nearest, prometheusLabel, re2 } from "../../../lib/formats/index.ts";
import { templatesIn, templatesUsedIn } from "../../../lib/monitoring/template.ts";
import { type Finding, removeItem, removeKey, renameKey } from "../../../lib/sizing/index.ts";
import { type AlertRouting, receiverNames } from "./config.ts";
import { mistakeInRange, mistakeInTime, mistakeInZone } from "./time-intervals.ts";

type Path = readonly (string | number)[];

/** What is wrong with a value at a path. */
type Check = (value: unknown, path: Path) => readonly Finding[];

/**
 * What Alertmanager or the operator, which reads the configuration first, rejects of the parts that are written in Alertmanager's own
 * format. Alertmanager would not start with it; a running one would keep its old configuration.
 * @see https://github.com/prometheus/alertmanager/blob/v0.33.1/config/config.go
 * @see https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/pkg/alertmanager/types.go
 */
export function validateRouting(routing: AlertRouting): readonly Finding[] {
  const intervals = Object.keys(routing.muteTimes ?? {});
  return [
    ...listOf(routeCheck(receiverNames(routing), intervals))(routing.routes ?? [], ["alerts", "routes"]),
    ...listOf(inhibition)(routing.inhibitions ?? [], ["alerts", "inhibitions"]),
    ...Object.entries(routing.muteTimes ?? {}).flatMap(([name, times]) => [
      ...(name === ""
        ? [rejected(["alerts", "muteTimes", name], "a time interval needs a name", removeKey(name))]
        : []),
      ...listOf(timeInterval)(times, ["alerts", "muteTimes", name]),
    ]),
    ...templates(routing.templates ?? {}),
    ...(routing.receivers ?? []).flatMap(({ muteDuring = [] }, index) =>
      listOf(wordOf("mute time", intervals))(muteDuring, ["alerts", "receivers", index, "muteDuring"]),
    ),
  ];
}

const rejected = (path: Path, message: string, fix: string): Finding => ({
  code: "SKP1247",
  at: formatPlace(path),
  message,
  fix,
});

/** Names of Alertmanager's own templates. */
const ownTemplate = /^(__\w+|\w+\.default\.\w+)$/;

/** Templates that several files define, of which one would replace the others, and those that no file defines: no notification would be sent. */
function templates(files: Readonly<Record<string, string>>): readonly Finding[] {
  const defined = new Map<string, string>();
  const at = (file: string): Path => ["alerts", "templates", file];
  const repeated = Object.entries(files).flatMap(([file, text]) =>
    templatesIn(text).flatMap((name) => {
      const other = defined.get(name);
      defined.set(name, file);
      return other === undefined ? [] : [rejected(at(file), `${name} is defined in ${other}, too`, removeKey(file))];
    }),
  );
  const missing = Object.entries(files).flatMap(([file, text]) =>
    templatesUsedIn(text)
      .filter((name) => !defined.has(name) && !ownTemplate.test(name))
      .map((name) => rejected(at(file), `there is no template ${name}`, write("the name of a template that exists"))),
  );
  return [...repeated, ...missing];
}

/** The place of a value that only its author can correct. */
const write = (what: string): string => `# write ${what}`;

const textOf =
  (what: string, mistake: (text: string) => string | undefined): Check =>
  (value, path) => {
    const isText = typeof value === "string" || typeof value === "number";
    const wrong = isText ? mistake(String(value)) : "it is not a text";
    return wrong === undefined
      ? []
      : [rejected(path, `${JSON.stringify(value)} is not ${what}: ${wrong}`, write(what))];
  };

const listOf =
  (item: Check): Check =>
  (value, path) =>
    Array.isArray(value)
      ? value.flatMap((each, index) => item(each, [...path, index]))
      : [rejected(path, `${JSON.stringify(value)} is not a list`, write("a list"))];

const objectOf =
  (what: string, keys: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (value === null || typeof value !== "object" || Array.isArray(value))
      return [rejected(path, `${JSON.stringify(value)} is not ${what}`, write(what))];
    return Object.entries(value).flatMap(([key, inner]) => {
      const check = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (check) return check(inner, [...path, key]);
      const meant = nearest(key, Object.keys(keys));
      const isFree = meant !== undefined && !Object.hasOwn(value, meant);
      const message = `${what} has no ${JSON.stringify(key)}`;
      return [rejected([...path, key], message, isFree ? renameKey(key, meant) : removeKey(key))];
    });
  };

const mapOf =
  (what: string, mistake: (text: string) => string | undefined): Check =>
  (value, path) => {
    if (value === null || typeof value !== "object" || Array.isArray(value))
      return [
        rejected(path, `${JSON.stringify(value)} is not a mapping of labels to texts`, write("{team: payments}")),
      ];
    return Object.entries(value).flatMap(([key, inner]) => {
      const wrong = prometheusLabel.mistake(key);
      if (wrong !== undefined)
        return [rejected([...path, key], `${JSON.stringify(key)} is not a label name: ${wrong}`, removeKey(key))];
      return textOf(what, mistake)(inner, [...path, key]);
    });
  };

/** One of the names that the configuration defines. */
const wordOf =
  (what: string, known: readonly string[]): Check =>
  (value, path) => {
    if (typeof value === "string" && known.includes(value)) return [];
    const meant = nearest(String(value), known) ?? (known.length === 1 ? known[0] : undefined);
    const index = path.at(-1);
    const none = typeof index === "number" ? removeItem(index) : removeKey(String(index));
    const message = `no ${what} ${JSON.stringify(value)}: ${known.length > 0 ? known.join(", ") : "there are none"}`;
    return [rejected(path, message, meant === undefined ? none : JSON.stringify(meant))];
  };

const labelName = textOf("a label name", prometheusLabel.mistake);
const matchers = listOf(textOf(alertMatchers.name, alertMatchers.mistake));
const anyValue = mapOf("a text", () => undefined);
const expressions = mapOf(re2.name, re2.mistake);
const flag: Check = (value, path) =>
  typeof value === "boolean" ? [] : [rejected(path, `${JSON.stringify(value)} is not true or false`, "true")];

/** @see https://github.com/prometheus/common/blob/v0.67.0/model/time.go */
const durationPattern = /^(?=.)((\d+)y)?((\d+)w)?((\d+)d)?((\d+)h)?((\d+)m)?((\d+)s)?((\d+)ms)?$/;

const duration = (least: "any" | "positive"): Check =>
  textOf("a duration such as 5m", (text) => {
    if (text !== "0" && !durationPattern.test(text)) return "a number and one of ms, s, m, h, d, w, y";
    return least === "positive" && !/[1-9]/.test(text) ? "it must not be zero" : undefined;
  });

const groupBy: Check = (value, path) => {
  if (!Array.isArray(value)) return listOf(labelName)(value, path);
  if (value.includes("...") && value.length > 1)
    return [
      rejected(
        path,
        '"..." stands for all labels: no others are allowed beside it',
        write('"..." alone, or names of labels'),
      ),
    ];
  return value.flatMap((each, index) => {
    if (each === "...") return [];
    const at = [...path, index];
    return value.indexOf(each) < index
      ? [rejected(at, `${JSON.stringify(each)} is repeated`, removeItem(index))]
      : labelName(each, at);
  });
};

/** A route, with those below it. */
function routeCheck(receivers: readonly string[], intervals: readonly string[]): Check {
  const times = listOf(wordOf("mute time", intervals));
  const check: Check = objectOf("a route", {
    receiver: wordOf("receiver", receivers),
    group_by: groupBy,
    match: anyValue,
    match_re: expressions,
    matchers,
    continue: flag,
    routes: (value, path) => listOf(check)(value, path),
    group_wait: duration("any"),
    group_interval: duration("positive"),
    repeat_interval: duration("positive"),
    mute_time_intervals: times,
    active_time_intervals: times,
  });
  return check;
}

const inhibition = objectOf("an inhibition", {
  source_match: anyValue,
  source_match_re: expressions,
  source_matchers: matchers,
  target_match: anyValue,
  target_match_re: expressions,
  target_matchers: matchers,
  equal: listOf(labelName),
});

const time = textOf("a time such as 09:00", mistakeInTime);
const range = (unit: Parameters<typeof mistakeInRange>[0], example: string): Check =>
  listOf(textOf(`a range such as ${example}`, (text) => mistakeInRange(unit, text)));

const timeRange: Check = (value, path) => {
  const found = objectOf("a range of times", { start_time: time, end_time: time })(value, path);
  if (found.length > 0) return found;
  const { start_time: start, end_time: end } = value as { start_time?: string; end_time?: string };
  if (start !== undefined && end !== undefined && start < end) return [];
  const both = '{start_time: "09:00", end_time: "17:00"}';
  return [rejected(path, "it needs a start_time, and an end_time after it", write(both))];
};

const timeInterval = objectOf("a time interval", {
  times: listOf(timeRange),
  weekdays: range("weekday", "monday:friday"),
  days_of_month: range("day", "1:7"),
  months: range("month", "january:march"),
  years: range("year", "2026:2027"),
  location: textOf("a time zone such as Europe/Berlin", mistakeInZone),
});
