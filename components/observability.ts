import type { Construct } from "constructs";
import {
  applyPatches,
  assertKnownAlerts,
  type CertificateAuthority,
  type ClusterFacts,
  type ComponentChart,
  type ComponentOptions,
  type ComponentProps,
  type Endpoint,
  forTenants,
  type ImageOptions,
  type Patch,
  type PodOptions,
} from "../lib/kubernetes/index.ts";
import type { AlertOverrides } from "../lib/monitoring/alert-overrides.ts";
import type { Evaluator } from "../lib/monitoring/rules.ts";
import type { CollectorMode } from "../lib/otel/index.ts";
import {
  type Availability,
  completeWorkload,
  flowSpansPerNode,
  type Retention,
  type Workload,
} from "../lib/sizing/index.ts";
import { AlloyChart, type AlloyProps, alloyNeedsHost } from "./alloy/index.ts";
import { type Additions, ExtraChart } from "./extra/index.ts";
import { FlowAgentChart, type FlowAgentProps } from "./flow-agent/index.ts";
import { type AdditionalDataSource, GrafanaChart, GrafanaContentChart, type GrafanaProps } from "./grafana/index.ts";
import {
  haClusterLabel,
  KubePrometheusChart,
  type KubePrometheusProps,
  operatedAlertmanager,
  teamRuleConfigMaps,
} from "./kube-prometheus/index.ts";
import { LokiChart, type LokiEndpoints, type LokiProps } from "./loki/index.ts";
import { MimirChart, type MimirEndpoints, type MimirProps, MimirRulesChart } from "./mimir/index.ts";
import { NamespacesChart } from "./namespaces/index.ts";
import { NetworkPoliciesChart } from "./network-policies/index.ts";
import { OtelAgentChart, type OtelAgentProps } from "./otel-agent/index.ts";
import { OtelGatewayChart, type OtelGatewayProps } from "./otel-gateway/index.ts";
import { PushgatewayChart, type PushgatewayProps } from "./pushgateway/index.ts";
import { TracesChart, type TracesEndpoints, type TracesProps } from "./traces/index.ts";

/** What the stack gives to every component. */
type CommonProps =
  | Exclude<keyof ComponentProps, keyof ComponentOptions>
  | "defaults"
  | "workload"
  | "availability"
  | "retention";

/** A component's own settings: all but what the stack gives to every component and what it connects. */
type Settings<Props extends ComponentProps, Connected extends keyof Props = never> = Omit<
  Props,
  CommonProps | Connected
>;

/** Endpoints of externally managed components, which the stack connects to instead of deploying its own. */
export interface ExternalEndpoints {
  readonly prometheus?: Endpoint;
  readonly alertmanager?: Endpoint;
  readonly mimir?: Pick<MimirEndpoints, "push" | "otlp" | "query" | "remoteRead">;
  readonly loki?: LokiEndpoints;
  readonly traces?: TracesEndpoints;
}

/** A team's tenant: what its namespaces write is stored apart from the rest, with limits of its own. */
export interface StackTenant {
  /** Namespaces whose metrics and logs belong to it. */
  readonly namespaces: readonly string[];
  /** Limits under Mimir's own names. @default those of every tenant */
  readonly mimir?: Readonly<Record<string, unknown>>;
  /** Limits under Loki's own names. @default those of every tenant */
  readonly loki?: Readonly<Record<string, unknown>>;
}

/** A whole stack, worked out: what is there, how large, and where. A component that is absent is off. */
export interface ObservabilityProps {
  readonly cluster: ClusterFacts;
  readonly namespaces: {
    readonly stack: string;
    readonly agents: string;
    /** Whether the stack makes them. */
    readonly create: boolean;
  };
  readonly images?: ImageOptions;
  /** Authorities that all programs trust, beside those of their images: ConfigMaps or Secrets in both namespaces. @default none */
  readonly certificateAuthorities?: readonly CertificateAuthority[];
  /** Changes of rendered objects, in order. @default none */
  readonly patches?: readonly Patch[];
  /** Data sources of Grafana beside those of the stack. @default none */
  readonly dataSources?: readonly AdditionalDataSource[];
  /** What is added to the stack. @default nothing */
  readonly extra?: Additions;
  /** Options of all pods. @default none */
  readonly defaults?: PodOptions;
  readonly runbooks?: string;
  /** URL at which people reach Grafana. */
  readonly grafanaUrl?: string;
  /** Changes of alerts, by name. A name that no component of the stack has is an error. @default none */
  readonly alertOverrides?: AlertOverrides;
  /** Whether everything but the declared connections is denied. */
  readonly networkPolicies: boolean;
  /** The load to size for; numbers that are not stated are those of `workloads.small`. */
  readonly workload: Partial<Workload>;
  readonly retention: Retention;
  readonly availability: Availability;
  readonly collectors: CollectorMode;
  /** Who evaluates the rules that are not about Prometheus itself. */
  readonly evaluator: Evaluator;
  readonly external: ExternalEndpoints;
  /** Tenants of teams, in the Mimir and the Loki of the stack. @default none */
  readonly tenants?: Readonly<Record<string, StackTenant>>;
  readonly otelAgent?: Settings<OtelAgentProps, "mode" | "gateway"> & {
    /** Whether spans are routed by trace id: needed as soon as there are two gateways that sample. */
    readonly routeByTraceId: boolean;
  };
  readonly otelGateway?: Settings<
    OtelGatewayProps,
    "mode" | "traces" | "logs" | "tenantNamespaces" | "flowSpansPerSecond"
  >;
  readonly flowAgent?: Settings<FlowAgentProps, "flows">;
  readonly kubePrometheus?: Settings<
    KubePrometheusProps,
    "agentsNamespace" | "remoteWrite" | "remoteRead" | "external" | "tenantNamespaces"
  > & {
    /** Whether Prometheus asks Mimir for what is older than its own blocks. */
    readonly readsMimir: boolean;
  };
  readonly mimir?: Settings<MimirProps, "alertmanager" | "haClusterLabel" | "ruleConfigMaps" | "federatedTenants">;
  readonly loki?: Settings<LokiProps, "alertmanager" | "federatedTenants">;
  readonly traces?: Settings<TracesProps, "metrics" | "flowSpansPerSecond">;
  readonly alloy?: Settings<AlloyProps, "logs" | "gateway" | "hostMetrics" | "tenantNamespaces"> &
    Required<Pick<AlloyProps, "logSource" | "hostMetrics">>;
  /** `external`: its sidecar gets the stack's data sources and dashboards. */
  readonly grafana?:
    | Settings<GrafanaProps, "sources" | "queryPath" | "spanMetrics" | "dashboards" | "spanReceivers">
    | "external";
  readonly pushgateway?: Settings<PushgatewayProps>;
}

/**
 * The charts of a stack. Stores come before what sends to them, so that every connection is an endpoint handed on;
 * only the Alertmanager is named ahead, since Mimir's and Loki's rulers send to it and Prometheus sends to Mimir.
 */
export function composeObservability(scope: Construct, props: ObservabilityProps): readonly ComponentChart[] {
  const charts: ComponentChart[] = [];
  const add = <T extends ComponentChart>(chart: T): T => {
    charts.push(chart);
    return chart;
  };
  const { external, availability, retention } = props;
  const workload = completeWorkload(props.workload);
  const shared = {
    namespace: props.namespaces.stack,
    cluster: props.cluster,
    evaluator: props.evaluator,
    // An external Prometheus selects by the label that everyone has.
    ...(props.kubePrometheus && !external.prometheus && { stack: props.namespaces.stack }),
    // So does the sidecar of an external Grafana.
    ...(props.grafana && props.grafana !== "external" && { grafanaStack: props.namespaces.stack }),
    ...(props.images && { images: props.images }),
    ...(props.certificateAuthorities && { certificateAuthorities: props.certificateAuthorities }),
    ...(props.defaults && { defaults: props.defaults }),
    ...(props.runbooks && { runbooks: props.runbooks }),
    ...(props.grafanaUrl && { grafanaUrl: props.grafanaUrl }),
    ...(props.alertOverrides && { alertOverrides: props.alertOverrides }),
  };
  const load = { workload, availability, retention };
  const flows = props.flowAgent && { flowSpansPerSecond: flowSpansPerNode(workload) * workload.nodes };

  if (props.namespaces.create) {
    add(new NamespacesChart(scope, "namespaces", { ...shared, agentsNamespace: props.namespaces.agents }));
  }

  const alertmanager = external.alertmanager ?? (props.kubePrometheus && operatedAlertmanager(shared));
  const alerting = alertmanager && { alertmanager };

  const tenants = Object.entries(props.tenants ?? {});
  const limitsOf = (store: "mimir" | "loki") =>
    Object.fromEntries(tenants.flatMap(([tenant, each]) => (each[store] ? [[tenant, each[store]]] : [])));
  const federation = tenants.length > 0 && { federatedTenants: tenants.map(([tenant]) => tenant) };
  const tenantNamespaces = tenants.length > 0 && {
    tenantNamespaces: Object.fromEntries(tenants.map(([tenant, { namespaces }]) => [tenant, namespaces])),
  };

  const ownMimir =
    props.mimir &&
    add(
      new MimirChart(scope, "mimir", {
        ...shared,
        ...load,
        ...props.mimir,
        ...(tenants.length > 0 && { tenants: { ...props.mimir.tenants, ...limitsOf("mimir") } }),
        ...federation,
        ...alerting,
        ...(props.kubePrometheus && {
          haClusterLabel,
          ...(props.evaluator === "mimir" && !external.prometheus && { ruleConfigMaps: teamRuleConfigMaps(shared) }),
        }),
      }),
    );
  const mimir = ownMimir?.endpoints ?? external.mimir;

  const ownLoki =
    !external.loki &&
    props.loki &&
    add(
      new LokiChart(scope, "loki", {
        ...shared,
        ...load,
        ...props.loki,
        ...(tenants.length > 0 && { tenants: { ...props.loki.tenants, ...limitsOf("loki") } }),
        ...federation,
        ...alerting,
      }),
    );
  const loki = external.loki ?? (ownLoki || undefined)?.endpoints;

  const traces =
    external.traces ??
    (props.traces &&
      add(
        new TracesChart(scope, "traces", {
          ...shared,
          ...load,
          ...props.traces,
          ...flows,
          ...(mimir && { metrics: mimir.push }),
        }),
      ).endpoints);

  const gateways =
    props.otelGateway &&
    add(
      new OtelGatewayChart(scope, "otel-gateway", {
        ...shared,
        workload,
        availability,
        ...props.otelGateway,
        ...flows,
        mode: props.collectors,
        ...(traces && { traces: traces.otlp }),
        ...(loki && { logs: loki.otlp, ...(ownLoki && tenantNamespaces) }),
      }),
    );
  const gateway = gateways?.endpoints;

  if (props.otelAgent && gateway) {
    const { routeByTraceId, ...settings } = props.otelAgent;
    const { otlp, otlpByTraceId, otlpByService } = gateway;
    add(
      new OtelAgentChart(scope, "otel-agent", {
        ...shared,
        workload,
        ...settings,
        mode: props.collectors,
        gateway: { otlp, ...(routeByTraceId && { otlpByTraceId }), ...(otlpByService && { otlpByService }) },
      }),
    );
  }

  if (props.flowAgent && gateway?.flows) {
    const namespace = props.namespaces.agents;
    add(
      new FlowAgentChart(scope, "flow-agent", {
        ...shared,
        namespace,
        workload,
        ...props.flowAgent,
        flows: gateway.flows,
      }),
    );
  }

  if (props.alloy) {
    const namespace = alloyNeedsHost(props.alloy) ? props.namespaces.agents : props.namespaces.stack;
    add(
      new AlloyChart(scope, "alloy", {
        ...shared,
        namespace,
        workload,
        ...props.alloy,
        ...(loki && { logs: loki.push, ...(ownLoki && tenantNamespaces) }),
        ...(gateway && { gateway }),
      }),
    );
  }

  if (props.pushgateway) add(new PushgatewayChart(scope, "pushgateway", { ...shared, ...props.pushgateway }));

  const readsMimir = props.kubePrometheus?.readsMimir ?? false;
  const metrics =
    props.kubePrometheus &&
    add(
      new KubePrometheusChart(scope, "kube-prometheus", {
        ...shared,
        ...load,
        ...omit(props.kubePrometheus, "readsMimir"),
        hostMetrics: props.alloy?.hostMetrics ?? false,
        agentsNamespace: props.namespaces.agents,
        external,
        ...(ownMimir && tenantNamespaces),
        ...(mimir && { remoteWrite: mimir.push, ...(readsMimir && { remoteRead: mimir.remoteRead }) }),
      }),
    );

  const shards = metrics?.sizing.shards ?? 1;
  const prometheus = external.prometheus ?? (shards === 1 ? metrics?.endpoints.prometheus : undefined);
  const alertsFrom = external.alertmanager ?? metrics?.endpoints.alertmanager;
  const shown = {
    ...load,
    queryPath: readsMimir ? ("prometheus" as const) : ("separate" as const),
    spanMetrics: props.otelGateway?.spanMetrics ?? false,
    ...(gateways && { spanReceivers: gateways.spanReceivers }),
    dashboards: charts.flatMap((chart) => chart.dashboards.map(({ uid }) => uid)).concat("skopos-grafana"),
    sources: {
      ...(mimir && { mimir: mimir.query }),
      ...(ownMimir?.endpoints.ruler && { ruler: ownMimir.endpoints.ruler }),
      ...(ownMimir?.endpoints.longTerm && { aggregates: ownMimir.endpoints.longTerm }),
      ...(prometheus && { prometheus }),
      ...(loki && { loki: loki.query }),
      ...(traces && { traces: traces.query }),
      ...(alertsFrom && { alertmanager: alertsFrom }),
      ...(props.dataSources && { additional: props.dataSources }),
      ...(tenants.length > 0 && {
        tenants: Object.fromEntries(
          tenants.map(([tenant]) => [
            tenant,
            {
              ...(ownMimir && { mimir: forTenants(ownMimir.endpoints.query, [tenant]) }),
              ...(ownLoki && { loki: forTenants(ownLoki.endpoints.query, [tenant]) }),
            },
          ]),
        ),
      }),
    },
  };
  if (props.grafana === "external") add(new GrafanaContentChart(scope, "grafana", { ...shared, ...shown }));
  else if (props.grafana) add(new GrafanaChart(scope, "grafana", { ...shared, ...shown, ...props.grafana }));

  metrics?.connectScrapes(charts.filter((chart) => chart !== metrics).flatMap((chart) => chart.scrapes));
  if (ownMimir) add(new MimirRulesChart(scope, "mimir-rules", { ...shared, mimir: ownMimir, charts }));
  if (props.extra) add(new ExtraChart(scope, "extra", { ...shared, additions: props.extra, charts: [...charts] }));
  if (props.networkPolicies) {
    const allowed = charts.flatMap((chart) => chart.edges);
    const sharedNamespaces = !props.namespaces.create;
    add(new NetworkPoliciesChart(scope, "network-policies", { ...shared, allowed, sharedNamespaces }));
  }
  assertKnownAlerts(charts, props.alertOverrides ?? {});
  applyPatches(charts, props.patches ?? []);
  return charts;
}

function omit<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
