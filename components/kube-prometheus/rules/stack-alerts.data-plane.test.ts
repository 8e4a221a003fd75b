import { App } from "cdk8s";
import { expect, test } from "vitest";
import {
  type AlertCase,
  checkRules,
  constant,
  counter,
  firingAnnotations,
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
    alert: "PrometheusRuleFailures",
    series: { 'prometheus_rule_evaluation_failures_total{pod="p",rule_group="g"}': counter(1, 0) },
  },
  {
    alert: "PrometheusMissingRuleEvaluations",
    series: { 'prometheus_rule_group_iterations_missed_total{pod="p",rule_group="g"}': counter(1, 0) },
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
  ...[
    ["PrometheusTSDBReloadsFailing", "prometheus_tsdb_reloads_failures_total"],
    ["PrometheusTSDBCompactionsFailing", "prometheus_tsdb_compactions_failed_total"],
    ["PrometheusTSDBWALCorruptions", "prometheus_tsdb_wal_corruptions_total"],
    ["PrometheusScrapeSampleLimitHit", "prometheus_target_scrapes_exceeded_sample_limit_total"],
    ["PrometheusTargetLimitHit", "prometheus_target_scrape_pool_exceeded_target_limit_total"],
    ["PrometheusLabelLimitHit", "prometheus_target_scrape_pool_exceeded_label_limits_total"],
    ["PrometheusTargetSyncFailure", "prometheus_target_sync_failed_total", 'scrape_job="shop"'],
    ["PrometheusSDRefreshFailure", "prometheus_sd_refresh_failures_total", 'config="shop",mechanism="dns"'],
    ["PrometheusKubernetesListWatchFailures", "prometheus_sd_kubernetes_failures_total"],
    ["PrometheusOutOfOrderTimestamps", "prometheus_target_scrapes_sample_out_of_order_total"],
  ].map(([alert = "", name, labels]) => ({
    alert,
    series: { [`${name}{pod="p"${labels ? `,${labels}` : ""}}`]: counter(60, 0) },
  })),
  {
    // One of two Alertmanagers fails.
    alert: "PrometheusErrorSendingAlertsToSomeAlertmanagers",
    series: {
      'prometheus_notifications_errors_total{pod="p",alertmanager="a"}': counter(2, 1),
      'prometheus_notifications_sent_total{pod="p",alertmanager="a"}': counter(100, 100),
      'prometheus_notifications_errors_total{pod="p",alertmanager="b"}': counter(0, 0),
      'prometheus_notifications_sent_total{pod="p",alertmanager="b"}': counter(100, 100),
    },
  },
  {
    // One of two Alertmanagers is not enough.
    alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
    series: {
      'prometheus_notifications_errors_total{pod="p",alertmanager="a"}': counter(100, 100),
      'prometheus_notifications_sent_total{pod="p",alertmanager="a"}': counter(100, 100),
      'prometheus_notifications_errors_total{pod="p",alertmanager="b"}': counter(4, 0),
      'prometheus_notifications_sent_total{pod="p",alertmanager="b"}': counter(100, 100),
    },
  },
  {
    alert: "PrometheusNotificationQueueRunningFull",
    series: {
      'prometheus_notifications_queue_length{pod="p",alertmanager="a"}': slope([0, 400], [0, 0]),
      'prometheus_notifications_queue_capacity{pod="p"}': constant(10_000),
    },
  },
  {
    alert: "PrometheusHighQueryLoad",
    series: {
      'prometheus_engine_queries{job="prometheus",pod="p"}': gauge(17, 16),
      'prometheus_engine_queries_concurrent_max{job="prometheus",pod="p"}': constant(20),
    },
  },
  {
    alert: "PrometheusRemoteStorageFailures",
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
    alert: "PrometheusRemoteWriteDesiredShards",
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
    alert: "AlertmanagerFailedToSendAlerts",
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
  { alert: "AlertmanagerClusterFailedPeers", series: { 'alertmanager_cluster_failed_peers{pod="a"}': gauge(1, 0) } },
  ...(["List", "Watch"] as const).map((kind) => {
    const total = `prometheus_operator_${kind.toLowerCase()}_operations`;
    return {
      alert: `PrometheusOperator${kind}Errors`,
      series: {
        [`${total}_failed_total{controller="prometheus"}`]: counter(41, 40),
        [`${total}_total{controller="prometheus"}`]: counter(100, 100),
      },
    };
  }),
  {
    alert: "PrometheusOperatorStatusUpdateErrors",
    series: {
      'prometheus_operator_status_update_errors_total{controller="prometheus"}': counter(11, 10),
      'prometheus_operator_status_update_operations_total{controller="prometheus"}': counter(100, 100),
    },
  },
  {
    alert: "PrometheusOperatorSyncFailed",
    series: { 'prometheus_operator_syncs{controller="prometheus",status="failed"}': gauge(1, 0) },
  },
  {
    alert: "PrometheusOperatorNodeLookupErrors",
    series: { prometheus_operator_node_address_lookup_errors_total: counter(7, 6) },
  },
  {
    alert: "PrometheusOperatorNotReady",
    series: { 'prometheus_operator_ready{controller="prometheus"}': gauge(0, 1) },
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

/** Alerts that compare the pods of Alertmanager. */
const between: AlertCase[] = [
  {
    // One of two instances is not enough.
    alert: "AlertmanagerClusterFailedToSendAlerts",
    series: Object.fromEntries(
      ["a", "b"].flatMap((pod) => [
        [
          `alertmanager_notifications_failed_total{pod="${pod}",integration="slack",reason="serverError"}`,
          pod === "a" ? counter(50, 50) : counter(2, 0),
        ],
        [`alertmanager_notifications_total{pod="${pod}",integration="slack"}`, counter(100, 100)],
      ]),
    ),
  },
  {
    alert: "AlertmanagerConfigInconsistent",
    series: { 'alertmanager_config_hash{pod="a"}': constant(1), 'alertmanager_config_hash{pod="b"}': gauge(2, 1) },
  },
  {
    alert: "AlertmanagerClusterDown",
    series: { 'up{job="alertmanager",pod="a"}': gauge(0, 1), 'up{job="alertmanager",pod="b"}': constant(1) },
  },
  {
    alert: "AlertmanagerClusterCrashlooping",
    series: {
      'process_start_time_seconds{job="alertmanager",pod="a"}': slope([0, 60], [0, 0]),
      'process_start_time_seconds{job="alertmanager",pod="b"}': constant(0),
      'up{job="alertmanager",pod="a"}': constant(1),
      'up{job="alertmanager",pod="b"}': constant(1),
    },
  },
];

/** Groups that each Prometheus evaluates over what it scrapes itself. */
const local = everything().ruleGroups.filter((group) => group.local);

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(everything(), stack, local);
  const cluster = everything().ruleGroups.filter(({ name }) => name === "alertmanager-cluster");
  runAlertCases(everything(), between, cluster);
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

test("the link of an alert opens its dashboard with the labels that the alert has", () => {
  const chart = everything({ grafanaUrl: "https://grafana.example.com" });
  const links = (alert: string, series: string) =>
    firingAnnotations(chart, alert, series).map(({ dashboard_url }) => dashboard_url);
  const at = "https://grafana.example.com/d/";
  expect(links("TargetDown", 'up{cluster="c 1",namespace="shop",job="cart",instance="i"}')).toEqual([
    `${at}skopos-kube-prometheus-cluster?&var-cluster=c+1&var-namespace=shop`,
  ]);
  expect(links("AlertmanagerFailedReload", 'alertmanager_config_last_reload_successful{pod="a"}')).toEqual([
    `${at}skopos-kube-prometheus?`,
  ]);
});
