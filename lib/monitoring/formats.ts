import { parser as logqlParser } from "@grafana/lezer-logql";
import { byPattern, type Format } from "../formats/index.ts";
import { grammarError, syntaxTree } from "./grammar.ts";
import { promqlError } from "./promql.ts";

/** An expression of a rule in Prometheus or Mimir. */
export const promqlExpression: Format = {
  name: "a PromQL expression",
  language: true,
  examples: ["up == 0"],
  mistake: (text) => (text.trim() === "" ? "it is empty" : promqlError(text)),
};

/** An expression of a rule in Loki. */
export const logqlExpression: Format = {
  name: "a LogQL expression",
  language: true,
  examples: ['sum(count_over_time({namespace="shop"} |= "panic" [5m])) > 0'],
  mistake: (text) => {
    if (text.trim() === "") return "it is empty";
    const error = grammarError(logqlParser, text);
    if (error !== undefined) return error;
    // The ruler loads an alert about lines, but can never evaluate it.
    const isMetric = syntaxTree(logqlParser, text).topNode.getChild("Expr")?.getChild("MetricExpr");
    return isMetric ? undefined : "it selects lines; an alert needs a number, such as that of count_over_time";
  },
};

/** @see https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
export const metricName = byPattern(
  "a metric name",
  /^[A-Za-z_:][A-Za-z0-9_:]*$/,
  "letters, digits, underscores and colons, not starting with a digit",
  ["shop:orders:rate5m"],
);

/** A dashboard's UID in Grafana. */
export const dashboardUid = byPattern(
  "a dashboard UID",
  /^[A-Za-z0-9_-]{1,40}$/,
  "up to 40 letters, digits, hyphens and underscores",
  ["shop-orders"],
);
