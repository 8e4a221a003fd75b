import { App } from "cdk8s";
import { expect, test } from "vitest";
import {
  type AlertCase,
  checkRules,
  constant,
  counter,
  gauge,
  runAlertCases,
  slope,
} from "../../../test/support/alerts.ts";
import { KubePrometheusChart, type KubePrometheusProps } from "../index.ts";

const everything = (props: Partial<KubePrometheusProps> = {}) =>
  new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    remoteWrite: { scheme: "http", host: "mimir", port: 8080, path: "/api/v1/push" },
    ...props,
  });

const remote = 'pod="prometheus-0",remote_name="long-term",url="http://mimir"';

const stack: AlertCase[] = [
  { alert: "Watchdog", series: {}, always: true },
  {
    alert: "PrometheusBadConfig",
    series: { 'prometheus_config_last_reload_successful{pod="p"}': gauge(0, 1) },
  },
  {
    alert: "PrometheusNotIngestingSamples",
    series: {
      'prometheus_tsdb_head_samples_appended_total{pod="p",type="float"}': counter(0, 1),
      'prometheus_tsdb_head_samples_appended_total{pod="p",type="histogram"}': constant(0),
    },
  },
  {
    alert: "PrometheusStorageFailing",
    series: {
      'prometheus_tsdb_compactions_failed_total{pod="p"}': counter(1, 0),
      'prometheus_tsdb_reloads_failures_total{pod="p"}': constant(0),
      'prometheus_tsdb_wal_corruptions_total{pod="p"}': constant(0),
    },
  },
  {
    alert: "PrometheusRuleFailures",
    series: { 'prometheus_rule_evaluation_failures_total{pod="p",rule_group="g"}': counter(1, 0) },
  },
  {
    alert: "PrometheusMissingRuleEvaluations",
    series: { 'prometheus_rule_group_iterations_missed_total{pod="p",rule_group="g"}': counter(1, 0) },
  },
  {
    alert: "PrometheusScrapeLimitHit",
    series: {
      'prometheus_target_scrapes_exceeded_sample_limit_total{pod="p"}': counter(1, 0),
      'prometheus_target_scrape_pool_exceeded_target_limit_total{pod="p"}': constant(0),
      'prometheus_target_scrape_pool_exceeded_label_limits_total{pod="p"}': constant(0),
    },
  },
  {
    alert: "PrometheusDuplicateTimestamps",
    series: { 'prometheus_target_scrapes_sample_duplicate_timestamp_total{pod="p"}': counter(60, 0) },
  },
  { alert: "PrometheusSeriesAbovePlan", series: { 'prometheus_tsdb_head_series{pod="p"}': gauge(375_001, 375_000) } },
  {
    alert: "PrometheusNotConnectedToAlertmanagers",
    series: { 'prometheus_notifications_alertmanagers_discovered{pod="p"}': gauge(0, 1) },
  },
  {
    alert: "PrometheusNotificationsFailing",
    series: {
      'prometheus_notifications_errors_total{pod="p",alertmanager="a"}': counter(4, 3),
      'prometheus_notifications_sent_total{pod="p",alertmanager="a"}': counter(100, 100),
    },
  },
  {
    alert: "PrometheusRemoteWriteFailing",
    series: {
      [`prometheus_remote_storage_samples_failed_total{${remote}}`]: counter(11, 9),
      [`prometheus_remote_storage_samples_total{${remote}}`]: counter(989, 991),
    },
  },
  {
    alert: "PrometheusRemoteWriteBehind",
    series: {
      [`prometheus_remote_storage_queue_highest_timestamp_seconds{${remote}}`]: slope([1000, 60], [100_000, 60]),
      [`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${remote}}`]: slope([879, 60], [99_880, 60]),
    },
  },
  {
    alert: "PrometheusRemoteWriteSaturated",
    series: {
      [`prometheus_remote_storage_shards_desired{${remote}}`]: gauge(11, 10),
      [`prometheus_remote_storage_shards_max{${remote}}`]: constant(10),
    },
  },
  {
    alert: "AlertmanagerFailedReload",
    series: { 'alertmanager_config_last_reload_successful{pod="a"}': gauge(0, 1) },
  },
  {
    alert: "AlertmanagerNotificationsFailing",
    series: {
      'alertmanager_notifications_failed_total{pod="a",integration="slack",reason="other"}': counter(1, 0),
      'alertmanager_notifications_failed_total{pod="a",integration="slack",reason="serverError"}': counter(1, 1),
      'alertmanager_notifications_total{pod="a",integration="slack"}': counter(100, 100),
    },
  },
  { alert: "AlertmanagerMembersInconsistent", series: { 'alertmanager_cluster_members{pod="a"}': gauge(1, 2) } },
  {
    alert: "PrometheusOperatorReconcileErrors",
    series: {
      'prometheus_operator_reconcile_errors_total{controller="prometheus"}': counter(11, 10),
      'prometheus_operator_reconcile_operations_total{controller="prometheus"}': counter(100, 100),
    },
  },
  {
    alert: "PrometheusOperatorRejectedResources",
    series: {
      'prometheus_operator_managed_resources{controller="prometheus",resource="ServiceMonitor",state="rejected"}':
        gauge(1, 0),
    },
  },
  { alert: "ConfigReloaderSidecarErrors", series: { 'reloader_last_reload_successful{pod="p"}': gauge(0, 1) } },
];

/** Groups that each Prometheus evaluates over what it scrapes itself. */
const local = everything().ruleGroups.filter((group) => group.local);

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(everything(), stack, local);
});

test("a wrong threshold fails the test", () => {
  const wrong = {
    alert: "AlertmanagerMembersInconsistent",
    series: { 'alertmanager_cluster_members{pod="a"}': gauge(2, 1) },
  };
  const cases = [...stack.filter(({ alert }) => alert !== wrong.alert), wrong];
  expect(() => runAlertCases(everything(), cases, local)).toThrow(/AlertmanagerMembersInconsistent/);
});

test("promtool and its linter accept every rule", () => {
  checkRules(everything());
  checkRules(everything({ controlPlane: [], nodeExporter: false, kubeStateMetrics: false }));
});
