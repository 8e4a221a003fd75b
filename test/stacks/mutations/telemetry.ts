import { change } from "../../../policies/fixtures/fixture.ts";
import {
  agentConfig,
  alert,
  alloy,
  alloyText,
  collector,
  container,
  gatewayConfig,
  type Mutation,
  mutation,
  prometheus,
  rulesOf,
} from "./mutation.ts";

export const telemetry: readonly Mutation[] = [
  mutation(
    "metrics/retention-size",
    "the volume is made smaller",
    change(prometheus, "spec/storage/volumeClaimTemplate/spec/resources/requests/storage", "100Gi"),
  ),
  mutation("metrics/retention-time", "the retention is removed", change(prometheus, "spec/retention")),
  mutation(
    "metrics/remote-write-queue",
    "the queue is made tiny",
    change(prometheus, "spec/remoteWrite/0/queueConfig/capacity", 500),
  ),
  mutation(
    "metrics/remote-write-queue",
    "the shards are cut to two",
    change(prometheus, "spec/remoteWrite/0/queueConfig/maxShards", 2),
  ),
  mutation(
    "metrics/scrape-timeout",
    "the scrape interval is shortened",
    change(prometheus, "spec/scrapeInterval", "5s"),
  ),
  mutation(
    "metrics/ha-labels",
    "the replica label is removed",
    change(prometheus, "spec/remoteWrite/0/writeRelabelConfigs", []),
  ),
  mutation(
    "metrics/rate-window",
    "a rate is taken over half a minute",
    change(
      rulesOf("otel-gateway"),
      `${alert}/expr`,
      "sum by (pod) (rate(otelcol_receiver_refused_spans_total[30s])) > 0",
    ),
  ),
  mutation("metrics/sharded-rule", "Prometheus is sharded", change(prometheus, "spec/shards", 4)),
  mutation(
    "alerts/never-matches",
    "a ratio groups its sides by different labels",
    change(
      rulesOf("otel-gateway"),
      `${alert}/expr`,
      "sum by (pod) (rate(a[5m])) / sum by (instance) (rate(b[5m])) > 0.1",
    ),
  ),
  mutation(
    "alerts/readable",
    "a parenthesis is missing",
    change(rulesOf("otel-gateway"), `${alert}/expr`, "sum by (pod (rate(a[5m])) > 0"),
  ),
  mutation("alerts/short-for", "`for` is one evaluation", change(rulesOf("otel-gateway"), `${alert}/for`, "30s")),
  mutation(
    "alerts/runbook",
    "an alert is added without a runbook",
    change(rulesOf("otel-gateway"), `${alert}/annotations/runbook_url`),
  ),
  mutation(
    "alerts/links",
    "a runbook is linked by its path",
    change(rulesOf("otel-gateway"), `${alert}/annotations/runbook_url`, "runbooks/x.md"),
  ),
  mutation("alerts/severity", "an alert has no severity", change(rulesOf("otel-gateway"), `${alert}/labels`, {})),
  mutation(
    "alerts/template-labels",
    "a text names a label that is aggregated away",
    change(rulesOf("otel-gateway"), `${alert}/annotations/description`, "{{ $labels.node }} refuses"),
  ),
  mutation(
    "alerts/one-rule",
    "a rule is copied",
    change(rulesOf("otel-gateway"), "spec/groups/1", {
      name: "copy",
      rules: [
        { alert: "Copied", expr: "up == 0" },
        { alert: "Copied", expr: "up == 0" },
      ],
    }),
  ),
  mutation(
    "collectors/references",
    "a processor's name has a typing mistake",
    change(gatewayConfig, `${collector}/service/pipelines/traces/processors/0`, "memory_limter"),
  ),
  mutation(
    "collectors/unused",
    "the sampler is taken out of the pipeline",
    change(gatewayConfig, `${collector}/service/pipelines/traces/processors`, ["memory_limiter", "batch"]),
  ),
  mutation(
    "collectors/memory-limiter",
    "the memory limiter is moved behind the batch",
    change(agentConfig, `${collector}/service/pipelines/logs/processors`, ["batch", "memory_limiter"]),
  ),
  mutation(
    "collectors/memory-limit",
    "the limiter's limit is raised above the container's",
    change(gatewayConfig, `${collector}/processors/memory_limiter/limit_mib`, 4096),
  ),
  mutation(
    "collectors/batch-position",
    "the batch is moved before the sampler",
    change(gatewayConfig, `${collector}/service/pipelines/traces/processors`, [
      "memory_limiter",
      "batch",
      "tail_sampling",
    ]),
  ),
  mutation(
    "collectors/credentials",
    "a token is written into the configuration",
    change(agentConfig, `${collector}/exporters/load_balancing/protocol/otlp/headers`, {
      authorization: "Bearer 0123456789abcdef",
    }),
  ),
  mutation(
    "collectors/removed-components",
    "the logging exporter is used",
    change(agentConfig, `${collector}/exporters/logging`, {}),
  ),
  mutation(
    "collectors/trace-routing",
    "traces go to the gateways' ordinary Service",
    change(agentConfig, `${collector}/exporters/otlp_grpc~traces`, {
      endpoint: "otel-gateway-collector.observability.svc.cluster.local:4317",
    }),
    change(agentConfig, `${collector}/service/pipelines/traces/exporters`, ["otlp_grpc/traces"]),
  ),
  mutation(
    "collectors/decision-wait",
    "the sampler waits longer than the grace period",
    change(gatewayConfig, `${collector}/processors/tail_sampling/decision_wait`, "2m"),
  ),
  mutation(
    "collectors/traces-held",
    "the sampler holds a thousand traces",
    change(gatewayConfig, `${collector}/processors/tail_sampling/num_traces`, 1000),
  ),
  mutation("collectors/alloy-references", "an Alloy component is renamed in one place", {
    object: alloy,
    path: alloyText,
    from: "loki.process.pods.receiver",
    to: "loki.process.logs.receiver",
  }),
  mutation("collectors/alloy-routing", "Alloy routes traces by service", {
    object: alloy,
    path: alloyText,
    from: '"traceID"',
    to: '"service"',
  }),
  mutation("collectors/alloy-credentials", "a password is written into Alloy's configuration", {
    object: alloy,
    path: alloyText,
    from: 'tenant_id           = "anonymous"',
    to: 'tenant_id = "anonymous"\n\n\t\tbasic_auth {\n\t\t\tusername = "alloy"\n\t\t\tpassword = "0123456789abcdef"\n\t\t}',
  }),
  mutation(
    "collectors/alloy-memory-limit",
    "Alloy's limiter is raised above the container's limit",
    change("DaemonSet/observability-agents/alloy", `${container}/resources/limits/memory`, "128Mi"),
    change("DaemonSet/observability-agents/alloy", `${container}/resources/requests/memory`, "128Mi"),
  ),
];
