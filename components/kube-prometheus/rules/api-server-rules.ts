import type { Alert, Recording, RuleGroup } from "../../../lib/monitoring/rules.ts";

// The service level objective of the Kubernetes mixin: 99 % of requests succeed, and in time.
// https://github.com/kubernetes-monitoring/kubernetes-mixin/blob/master/rules/kube_apiserver-burnrate.libsonnet

const errorBudget = 0.01;
const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
type Window = (typeof windows)[number];

/** Requests that take as long as their client wants. */
const short = 'subresource!~"proxy|attach|log|exec|portforward"';
const duration = "apiserver_request_sli_duration_seconds";
const verbs = { read: 'verb=~"LIST|GET"', write: 'verb=~"POST|PUT|PATCH|DELETE"' } as const;

/** The share of requests that fail or are too slow, over windows of different length. */
export const apiServerRecordings: RuleGroup = {
  name: "kube-apiserver-burnrate.rules",
  // Windows of days change slowly, and are expensive.
  interval: "3m",
  rules: [
    ...windows.flatMap((window) => [burnRate("read", window), burnRate("write", window)]),
    ...(["read", "write"] as const).map((verb) => ({
      record: "code_resource:apiserver_request_total:rate5m",
      expr: `sum by (cluster, code, resource) (rate(apiserver_request_total{job="apiserver",${verbs[verb]}}[5m]))`,
      labels: { verb },
    })),
  ],
};

function burnRate(verb: "read" | "write", window: Window): Recording {
  const series = `job="apiserver",${verbs[verb]}`;
  const within = (seconds: number, scope = "") =>
    `sum by (cluster) (rate(${duration}_bucket{${series},${short}${scope},le=~"${seconds}(\\\\.0)?"}[${window}]))`;
  const inTime =
    verb === "write"
      ? within(1)
      : `((${within(1, ',scope=~"resource|"')} or vector(0)) + ${within(5, ',scope="namespace"')} + ${within(30, ',scope="cluster"')})`;
  const requests = (code = "") => `sum by (cluster) (rate(apiserver_request_total{${series}${code}}[${window}]))`;
  return {
    record: `apiserver_request:burnrate${window}`,
    expr:
      `(sum by (cluster) (rate(${duration}_count{${series},${short}}[${window}])) - ${inTime}` +
      ` + (${requests(',code=~"5.."')} or 0 * ${requests()})) / ${requests()}`,
    labels: { verb },
  };
}

/** Alerts when the error budget of 30 days burns so fast that it will not last: https://sre.google/workbook/alerting-on-slos/. */
export const errorBudgetAlerts: readonly Alert[] = [
  burning("critical", "2m", [14.4, "1h", "5m"], [6, "6h", "30m"]),
  burning("warning", "1h", [3, "1d", "2h"], [1, "3d", "6h"]),
];

type Burn = readonly [factor: number, long: Window, short: Window];

function burning(severity: "critical" | "warning", held: "2m" | "1h", ...burns: readonly Burn[]): Alert {
  const above = (window: Window, factor: number) =>
    `sum by (cluster) (apiserver_request:burnrate${window}) > ${Number((factor * errorBudget).toFixed(4))}`;
  return {
    alert: "KubeAPIErrorBudgetBurn",
    expr: burns
      .map(([factor, long, brief]) => `(${above(long, factor)} and on (cluster) ${above(brief, factor)})`)
      .join(" or "),
    for: held,
    severity,
    summary: "The API server is burning too much error budget.",
    description: "{{ $value | humanizePercentage }} of the requests to the API server fail or take too long.",
  };
}
