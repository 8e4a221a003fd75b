import { documentRule, objectRule } from "../../engine/kinds-of-rules.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { type Problem, type Rule, remove, set } from "../../engine/rule.ts";
import { allTexts, fields, isFields, items, list, type Path, text } from "../../engine/values.ts";

const alertmanagers = objectRule(
  {
    id: "wiring/alertmanager",
    kinds: ["Prometheus"],
    title: "Prometheus sends its alerts to an Alertmanager that exists",
    severity: "error",
    why: "Alerts that no Alertmanager receives reach nobody, and the alert about it is one of them.",
    remedy: "Name the Service of the Alertmanager, its namespace and the name of its port.",
  },
  function* (prometheus, { set: objects }) {
    if (prometheus.spec.replicas === 0) return;
    const named = items(fields(prometheus.spec.alerting).alertmanagers);
    const path = ["spec", "alerting", "alertmanagers"];
    if (named.length === 0 && objects.ofKind("Alertmanager").length > 0) {
      const [alertmanager] = objects.ofKind("Alertmanager");
      const entry = { name: "alertmanager-operated", namespace: alertmanager?.namespace, port: "web" };
      yield { message: "it sends alerts to no Alertmanager, and there is one", path, fix: [set(path, [entry])] };
    }
    for (const [index, each] of named) {
      const namespace = text(each.namespace) ?? prometheus.namespace;
      const name = text(each.name) ?? "";
      const service = objects.service(namespace, name);
      if (!service) {
        if (!objects.covers(namespace)) continue;
        const fix = [set([...path, index, "name"], "alertmanager-operated")];
        yield { message: `the Service ${name} does not exist`, path: [...path, index, "name"], fix };
      } else if (!service.ports.some((port) => port.name === each.port || port.port === each.port)) {
        const fix = [set([...path, index, "port"], service.ports[0]?.name ?? "web")];
        yield { message: `the Service ${name} has no port ${String(each.port)}`, path: [...path, index, "port"], fix };
      }
    }
  },
);

const receivers = documentRule(
  {
    id: "wiring/receivers",
    formats: ["alertmanager"],
    title: "Every route of Alertmanager has a receiver that exists and sends somewhere",
    severity: "error",
    why: "Alertmanager refuses a configuration whose receiver is missing and keeps the old one. A root route whose receiver has no integration drops every alert that no other route takes.",
    remedy:
      "Name a receiver of the configuration. Give it an integration, or name it `null` or `nobody` where dropping is meant.",
  },
  function* ({ value, path }) {
    const known = items(value.receivers).map(([, receiver]) => text(receiver.name) ?? "");
    const used = new Set<string>();
    function* route(each: unknown, place: Path): Generator<Problem> {
      if (!isFields(each)) return;
      const receiver = text(each.receiver);
      if (receiver !== undefined) {
        used.add(receiver);
        if (!known.includes(receiver)) {
          const fix = [set([...place, "receiver"], known[0] ?? "<receiver>")];
          yield {
            message: `the receiver ${receiver} is not defined; there are ${known.join(", ")}`,
            path: [...place, "receiver"],
            fix,
          };
        }
      }
      for (const [index, child] of list(each.routes).entries()) yield* route(child, [...place, "routes", index]);
    }
    yield* route(value.route, [...path, "route"]);
    for (const [index, receiver] of items(value.receivers)) {
      const name = text(receiver.name) ?? "";
      const empty = !Object.keys(receiver).some((key) => key.endsWith("_configs") && list(receiver[key]).length > 0);
      if (!used.has(name)) {
        const place = [...path, "receivers", index];
        yield {
          message: `no route leads to the receiver ${name}`,
          path: place,
          severity: "warning",
          fix: [remove(place)],
        };
      } else if (empty && !/^(null|nobody|none|blackhole|dev-null|drop)/i.test(name)) {
        const place = [...path, "receivers", index];
        const fix = [set([...place, "webhook_configs"], [{ url_file: "<file>" }])];
        yield { message: `the receiver ${name} sends nowhere`, path: place, severity: "warning", fix };
      }
    }
  },
);

/** Data sources that Grafana itself has. */
const builtIn = new Set(["-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__", "", "default"]);

const dataSources = documentRule(
  {
    id: "wiring/data-source",
    formats: ["dashboard", "data-sources"],
    title: "Every data source that a dashboard or another data source names exists",
    severity: "error",
    why: "A panel whose data source does not exist shows an error, and a link from a log line to its trace leads nowhere.",
    remedy: "Use the `uid` of a provisioned data source, or a dashboard variable.",
  },
  function* ({ value, path, format }, { set: objects }) {
    const { uids: known, names } = provisioned(objects);
    if (known.size === 0) return;
    const [first] = known;
    for (const [place, uid] of allTexts(value)) {
      const key = place.at(-1);
      const panel = format === "dashboard" && key === "uid" && place.at(-2) === "datasource";
      const link = format === "data-sources" && /^(datasourceUid|alertmanagerUid)$/.test(String(key));
      const chosen =
        format === "dashboard" && key === "value" && place.at(-2) === "current" && isDataSourceVariable(value, place);
      if ((!panel && !link && !chosen) || builtIn.has(uid) || uid.includes("$") || known.has(uid)) continue;
      // A variable may hold the name as well: Grafana looks for both.
      if (chosen && names.has(uid)) continue;
      const full = [...path, ...place];
      yield {
        message: `no data source has the uid ${uid}; there are ${[...known].join(", ")}`,
        path: full,
        fix: [set(full, first)],
      };
    }
  },
);

/** Whether a value is the choice of a variable that holds a data source. */
function isDataSourceVariable(value: unknown, place: Path): boolean {
  const variable = place
    .slice(0, -2)
    .reduce<unknown>(
      (each, key) => (isFields(each) || Array.isArray(each) ? Reflect.get(each, key) : undefined),
      value,
    );
  return fields(variable).type === "datasource";
}

/** Uids and names of every provisioned data source. */
const provisioned = (objects: ObjectSet): Readonly<Record<"uids" | "names", ReadonlySet<string>>> =>
  objects.once("data-sources", () => {
    const sources = ["ConfigMap", "Secret"]
      .flatMap((kind) => objects.ofKind(kind).flatMap((object) => objects.documents(object)))
      .filter(({ format }) => format === "data-sources")
      .flatMap(({ value }) => items(value.datasources).map(([, source]) => source));
    const all = (key: string) => new Set(sources.flatMap((source) => text(source[key]) ?? []));
    return { uids: all("uid"), names: all("name") };
  });

const unreadable = documentRule(
  {
    id: "wiring/readable",
    formats: [
      "other",
      "alloy",
      "alertmanager",
      "collector",
      "dashboard",
      "data-sources",
      "loki",
      "mimir",
      "prometheus",
      "rules",
      "tempo",
    ],
    title: "Configurations in ConfigMaps and Secrets can be read",
    severity: "error",
    why: "The program that reads it does not start, or keeps running with the old one.",
    remedy: "Correct the syntax at the place the message names.",
  },
  function* ({ error, path }) {
    if (error !== undefined) yield { message: `not readable: ${error}`, path, fix: [set(path, "<corrected>: true")] };
  },
);

/** Rules about what configurations refer to. */
export const configurationRules: readonly Rule[] = [alertmanagers, receivers, dataSources, unreadable];
