import { z } from "zod";
import { allBlocks, alloyRule, attribute, idOf, textsIn } from "../../engine/alloy.ts";
import { collectorRule, component, typeOf } from "../../engine/collectors.ts";
import { isDenied, labelParameters } from "../../engine/denied-labels.ts";
import { evaluatedRule, ruleName } from "../../engine/evaluated-rules.ts";
import { documentRule, objectRule } from "../../engine/kinds-of-rules.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { targets } from "../../engine/scraping.ts";
import { allTexts, at, fields, items, list, number, type Path, text } from "../../engine/values.ts";
import { logqlGroupings } from "../../languages/logql.ts";
import { Query } from "../../languages/promql.ts";

const why =
  "Each value of the label is a series of its own. A label with a value per user, request or resource has no bound: memory grows until the store fails or its limits drop everybody's data. Many of these are also personal data, which then cannot be deleted.";

/** Relabelings of a monitor or of a Prometheus object, with their places. */
function* relabelings(value: unknown, path: Path): Generator<readonly [Path, Readonly<Record<string, unknown>>]> {
  for (const key of [
    "relabelings",
    "metricRelabelings",
    "relabelConfigs",
    "metricRelabelConfigs",
    "writeRelabelConfigs",
  ]) {
    for (const [index, each] of items(at(value, key))) yield [[...path, key, index], each];
  }
}

const metricLabels = objectRule(
  {
    id: "cardinality/metric-labels",
    kinds: ["ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig", "Prometheus", "PrometheusAgent"],
    title: "Relabeling adds no unbounded label to metrics",
    severity: "error",
    why,
    remedy: "Remove the relabeling, or map its values to a few classes.",
    parameters: labelParameters,
  },
  function* (object, { parameters }) {
    const places: (readonly [unknown, Path])[] = [[object.spec, ["spec"]]];
    for (const key of ["endpoints", "podMetricsEndpoints", "remoteWrite"]) {
      for (const [index, each] of items(object.spec[key])) places.push([each, ["spec", key, index]]);
    }
    for (const [value, base] of places) {
      for (const [path, relabeling] of relabelings(value, base)) {
        const label = text(relabeling.targetLabel) ?? text(relabeling.target_label);
        if (label === undefined || !isDenied(label, parameters)) continue;
        yield { message: `it adds the label ${label}`, path: [...path, "targetLabel"], fix: [remove(path)] };
      }
    }
    for (const key of ["podTargetLabels", "targetLabels"]) {
      for (const [index, label] of list(object.spec[key]).entries()) {
        if (typeof label !== "string" || !isDenied(label, parameters)) continue;
        yield {
          message: `it takes over the label ${label}`,
          path: ["spec", key, index],
          fix: [remove(["spec", key, index])],
        };
      }
    }
  },
);

const labelMaps = objectRule(
  {
    id: "cardinality/label-map",
    kinds: ["ServiceMonitor", "PodMonitor", "ScrapeConfig"],
    title: "No monitor copies all labels of pods to metrics",
    severity: "warning",
    why: "A labelmap over pod labels takes over whatever a team puts on its pods, such as a hash per version: every rollout makes all series anew.",
    remedy: "Name the labels that are needed.",
  },
  function* (object) {
    for (const key of ["endpoints", "podMetricsEndpoints"]) {
      for (const [index, each] of items(object.spec[key])) {
        for (const [path, relabeling] of relabelings(each, ["spec", key, index])) {
          const wide =
            /^labelmap$/i.test(text(relabeling.action) ?? "") && /label_\(?\.[+*]/.test(text(relabeling.regex) ?? "");
          if (wide)
            yield {
              message: `it copies every label that matches ${text(relabeling.regex)}`,
              path,
              fix: [remove(path)],
            };
        }
      }
    }
  },
);

const spanMetrics = collectorRule(
  {
    id: "cardinality/span-metrics",
    title: "Span metrics have no unbounded dimension",
    severity: "error",
    why,
    remedy: "Remove the dimension. The trace still has the attribute.",
    parameters: labelParameters,
  },
  function* (collector, { parameters }) {
    for (const section of ["connectors", "processors"] as const) {
      for (const id of Object.keys(fields(collector.config[section]))) {
        const type = typeOf(id);
        if (type !== "spanmetrics" && type !== "servicegraph") continue;
        const settings = component(collector, section, id);
        for (const place of [
          ["dimensions"],
          ["calls_dimensions"],
          ["histogram", "dimensions"],
          ["events", "dimensions"],
        ]) {
          for (const [index, each] of list(at(settings, ...place)).entries()) {
            const label = text(each) ?? text(fields(each).name);
            if (label === undefined || !isDenied(label, parameters)) continue;
            const path = [...collector.path, section, id, ...place, index];
            yield { message: `${id} has the dimension ${label}`, path, fix: [remove(path)] };
          }
        }
      }
    }
  },
);

const generated = documentRule(
  {
    id: "cardinality/tempo-dimensions",
    formats: ["tempo"],
    title: "Metrics that Tempo generates have no unbounded dimension",
    severity: "error",
    why,
    remedy: "Remove the dimension.",
    parameters: labelParameters,
  },
  function* ({ value, path }, { parameters }) {
    const places = [
      ["metrics_generator", "processor", "span_metrics", "dimensions"],
      ["metrics_generator", "processor", "service_graphs", "dimensions"],
      ["overrides", "defaults", "metrics_generator", "processor", "span_metrics", "dimensions"],
      ["overrides", "defaults", "metrics_generator", "processor", "service_graphs", "dimensions"],
    ];
    for (const place of places) {
      for (const [index, label] of list(at(value, ...place)).entries()) {
        if (typeof label !== "string" || !isDenied(label, parameters)) continue;
        yield {
          message: `it generates the dimension ${label}`,
          path: [...path, ...place, index],
          fix: [remove([...path, ...place, index])],
        };
      }
    }
  },
);

const streamLabels = documentRule(
  {
    id: "cardinality/stream-labels",
    formats: ["loki"],
    title: "No unbounded attribute becomes a label of Loki's streams",
    severity: "error",
    why: "Each set of labels is a stream with chunks of its own. A label with a value per request makes a stream per log line: ingesters run out of memory and queries read millions of tiny chunks. https://grafana.com/docs/loki/latest/get-started/labels/cardinality/",
    remedy: "Leave it in the line or in structured metadata, where queries find it too.",
    parameters: labelParameters,
  },
  function* ({ value, path }, { parameters }) {
    const places = [
      ["distributor", "otlp_config", "default_resource_attributes_as_index_labels"],
      ["limits_config", "otlp_config", "resource_attributes", "attributes_config"],
    ];
    for (const place of places) {
      for (const [inner, label] of allTexts(at(value, ...place))) {
        if (!isDenied(label, parameters)) continue;
        const full = [...path, ...place, ...inner];
        yield { message: `${label} becomes a label of every stream`, path: full, fix: [remove(full)] };
      }
    }
  },
);

const alloyLabels = alloyRule(
  {
    id: "cardinality/alloy-labels",
    title: "Alloy adds no unbounded label to metrics or log streams",
    severity: "error",
    why,
    remedy: "Use stage.structured_metadata instead of stage.labels, or remove the rule.",
    parameters: labelParameters,
  },
  function* (document, { parameters }) {
    const problem = (owner: string, label: string, pattern: RegExp, by: string) => ({
      message: `${owner} adds the label ${label}`,
      path: document.path,
      fix: [set(document.path, document.text.replace(pattern, by))],
    });
    for (const { block, owner } of allBlocks(document.blocks)) {
      const labels =
        block.name === "stage.labels"
          ? mapKeys(attribute(block, "values"))
          : block.name === "rule"
            ? textsIn(attribute(block, "target_label"))
            : mapKeys(attribute(block, "external_labels"));
      for (const label of labels) {
        if (!isDenied(label, parameters)) continue;
        const quoted = label.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
        const pattern = block.name === "rule" ? new RegExp(`"${quoted}"`) : new RegExp(`"?\\b${quoted}\\b"?(\\s*=)`);
        yield problem(idOf(owner), label, pattern, block.name === "rule" ? '"__tmp_dropped"' : "class$1");
      }
    }
  },
);

const mapKeys = (value: ReturnType<typeof attribute>): readonly string[] =>
  value?.kind === "map" ? value.entries.map(([key]) => key) : [];

/** In the metrics of Mimir, Loki and Tempo about themselves `user` is a tenant, of which there are few. */
const isTenant = (label: string, query: Query): boolean =>
  label === "user" && query.selectors.every(({ metric }) => /^(cortex|loki|tempo|tempodb)_/.test(metric ?? ""));

const groupings = evaluatedRule(
  {
    id: "cardinality/groupings",
    title: "No rule groups by an unbounded label",
    severity: "error",
    why: "A recording rule writes a series per value of the label, an alert sends a notification for each.",
    remedy: "Group by what is bounded: service, namespace, route.",
    parameters: labelParameters,
  },
  function* (subject, { parameters }) {
    const labels = subject.language === "logql" ? logqlGroupings(subject.expr) : subject.query.groupings;
    const denied = labels.find((label) => isDenied(label, parameters) && !isTenant(label, subject.query));
    if (denied === undefined) return;
    const path = [...subject.path, "expr"];
    yield {
      message: `${ruleName(subject)} groups by ${denied}`,
      path,
      fix: [set(path, subject.expr.replaceAll(new RegExp(`\\b${denied}\\b\\s*,?\\s*`, "g"), ""))],
    };
  },
);

const panels = documentRule(
  {
    id: "cardinality/dashboard-groupings",
    formats: ["dashboard"],
    title: "No dashboard groups by an unbounded label",
    severity: "warning",
    why: "The panel has a line per value, and the query reads all of their series each time it is refreshed.",
    remedy: "Group by what is bounded, or show the busiest with topk.",
    parameters: labelParameters,
  },
  function* ({ value, path }, { parameters }) {
    for (const [place, query] of allTexts(value)) {
      if (place.at(-1) !== "expr" || !/\bby\b/.test(query)) continue;
      const parsed = new Query(query);
      const labels = parsed.error === undefined ? parsed.groupings : logqlGroupings(query);
      const denied = labels.find((label) => isDenied(label, parameters) && !isTenant(label, parsed));
      if (denied === undefined || /\btopk\b|\bbottomk\b/.test(query)) continue;
      yield {
        message: `a panel groups by ${denied}`,
        path: [...path, ...place],
        fix: [set([...path, ...place], query.replaceAll(new RegExp(`\\b${denied}\\b\\s*,?\\s*`, "g"), ""))],
      };
    }
  },
);

const estimate = objectRule(
  {
    id: "cardinality/monitor-estimate",
    kinds: ["Prometheus"],
    title: "What the monitors may bring at most fits into the workload",
    severity: "info",
    needs: ["activeSeries"],
    why: "sampleLimit × targets is what a monitor may bring before its limit protects Prometheus. Where one monitor alone may bring many times the planned series, its limit protects nothing.",
    remedy: "Lower the sampleLimit of the monitor to a few times of what its targets have.",
    parameters: z.object({
      times: z.number().default(2).describe("Times the active series of the workload that one monitor may bring."),
    }),
  },
  function* (prometheus, { set: objects, parameters }) {
    if (prometheus.spec.replicas === 0) return;
    const { activeSeries = 0 } = objects.facts;
    const byMonitor = Map.groupBy(targets(objects), ({ monitor }) => monitor);
    for (const [monitor, found] of byMonitor) {
      const limit = number(monitor.spec.sampleLimit) ?? number(prometheus.spec.sampleLimit);
      const pods = found.reduce((sum, { pod }) => sum + (pod.replicas ?? 1), 0);
      if (limit === undefined || limit * pods <= parameters.times * activeSeries) continue;
      yield {
        message: `${monitor.id} may bring ${limit * pods} series (${pods} targets of ${limit}), the workload has ${activeSeries}`,
        path: ["spec", "sampleLimit"],
        fix: [
          {
            object: monitor,
            path: ["spec", "sampleLimit"],
            value: Math.max(1_000, Math.floor((parameters.times * activeSeries) / pods)),
          },
        ],
      };
    }
  },
);

/** Rules about labels without a bound. */
export const labelRules: readonly Rule[] = [
  metricLabels,
  labelMaps,
  spanMetrics,
  generated,
  streamLabels,
  alloyLabels,
  groupings,
  panels,
  estimate,
];
