/**
 * What both entry points export: the types of props, endpoints and sizes, the profiles, the errors of invalid values, and what
 * charts of a user's own need for monitors, rules and dashboards.
 */

export type { Port } from "../lib/formats/index.ts";
export type {
  CardinalityClass,
  CertificateAuthority,
  ClusterFacts,
  ComponentOptions,
  ComponentProps,
  DnsServers,
  Edge,
  Endpoint,
  EnvValue,
  Footprint,
  HttpProxy,
  Identity,
  Image,
  ImageName,
  ImageOptions,
  ImageOverride,
  IpFamily,
  KnownAlert,
  KubernetesObject,
  Labels,
  Manifest,
  NetworkEngine,
  ObjectStore,
  Patch,
  PatchOperation,
  PatchTarget,
  Peer,
  Platform,
  PodOptions,
  Pods,
  ResourceAmounts,
  Route,
  RouteFilter,
  ScrapeTarget,
  SecretKey,
  SelectedPods,
  Server,
  ServiceAccountConstruct,
  ServiceConstruct,
  StoreIdentity,
  TenantNamespaces,
  WorkloadConstruct,
  WorkloadOptions,
} from "../lib/kubernetes/index.ts";
export {
  ComponentChart,
  dashboardConfigMap,
  rules,
  type ServiceMonitorProps,
  serviceMonitor,
} from "../lib/kubernetes/index.ts";
export type { AlertOverride, AlertOverrides } from "../lib/monitoring/alert-overrides.ts";
export { clusterVariable, type Dashboard, type Row, type Variable } from "../lib/monitoring/dashboard.ts";
export { dashboardJson } from "../lib/monitoring/dashboard-json.ts";
export type { GrafanaDashboard } from "../lib/monitoring/foreign-dashboard.ts";
export type { Unit } from "../lib/monitoring/grafana.ts";
export {
  type Column,
  type GaugePanel,
  type Link,
  type LogsPanel,
  type Mappings,
  type Numbers,
  type Panel,
  type PanelBase,
  runbook,
  type StatPanel,
  type TablePanel,
  type Thresholds,
  type TimeSeriesPanel,
  type TracesPanel,
} from "../lib/monitoring/panel.ts";
export { promql } from "../lib/monitoring/promql.ts";
export type { JaegerQuery, LogQuery, MetricQuery, TraceQuery } from "../lib/monitoring/query.ts";
export type { Alert, Evaluator, Recording, RuleGroup, Severity } from "../lib/monitoring/rules.ts";
export type { Blocks, CollectorAdditions, CollectorMode, Pipeline, QueueStorage } from "../lib/otel/index.ts";
export {
  type Availability,
  type Duration,
  type Finding,
  type FindingCode,
  InvalidPropsError,
  type ObjectStorageUse,
  type Reasons,
  type Resources,
  type Retention,
  type RetentionName,
  retentionProfiles,
  type Scale,
  type SizeOverride,
  type SizeOverrides,
  type Workload,
  type WorkloadSize,
  workloads,
} from "../lib/sizing/index.ts";
export type {
  AlloyEndpoints,
  AlloyProps,
  AlloySizing,
  LogOptions,
  LogSource,
} from "./alloy/index.ts";
export type { Additions, PlainRule, PlainRuleGroup } from "./extra/index.ts";
export type {
  FlowAgentConfig,
  FlowAgentConfigFile,
  FlowAgentEndpoints,
  FlowAgentProps,
  FlowAgentSizing,
} from "./flow-agent/index.ts";
export type {
  Access,
  AdditionalDataSource,
  GrafanaContentProps,
  GrafanaEndpoints,
  GrafanaPlugin,
  GrafanaProps,
  GrafanaSizing,
  Ldap,
  MountedDashboards,
  Oidc,
  PostgreSql,
  Provisioning,
  QueryPath,
  Smtp,
  Sources,
  TeamFolders,
} from "./grafana/index.ts";
export type {
  AdditionalRemoteWrite,
  AdditionalScrape,
  AlertRouting,
  AuthenticatedRoute,
  ControlPlanePart,
  CustomResource,
  DiscordReceiver,
  EmailReceiver,
  JiraReceiver,
  KubePrometheusEndpoints,
  KubePrometheusProps,
  KubePrometheusSizes,
  KubePrometheusSizing,
  OpsgenieReceiver,
  PagerDutyReceiver,
  PushoverReceiver,
  Receiver,
  RemoteWriteQueue,
  SlackReceiver,
  SnsReceiver,
  StateMetrics,
  TeamsReceiver,
  TelegramReceiver,
  VictorOpsReceiver,
  WebexReceiver,
  WebhookReceiver,
} from "./kube-prometheus/index.ts";
export type {
  LogAlertGroup,
  LokiCache,
  LokiEndpoints,
  LokiLimits,
  LokiMode,
  LokiProps,
  LokiService,
  LokiSizing,
  LokiSizingBase,
  LokiWorkload,
  StreamRetention,
} from "./loki/index.ts";
export type {
  GatewayRouteProps,
  MicroservicesSizing,
  MimirCache,
  MimirEndpoints,
  MimirMode,
  MimirProps,
  MimirService,
  MimirSizing,
  MimirSizingBase,
  MimirWorkload,
  MonolithicSizing,
  TenantLimits,
} from "./mimir/index.ts";
export type { ExternalEndpoints, ObservabilityProps, StackTenant } from "./observability.ts";
export type {
  GatewayResolver,
  GatewayTargets,
  KubeletMetric,
  OtelAgentEndpoints,
  OtelAgentProps,
  OtelAgentSizing,
} from "./otel-agent/index.ts";
export type {
  OtelGatewayEndpoints,
  OtelGatewayProps,
  OtelGatewaySizing,
  OutsideRoute,
  ResourceLabels,
  TailSampling,
} from "./otel-gateway/index.ts";
export type { PushgatewayEndpoints, PushgatewayProps, PushgatewaySizing } from "./pushgateway/index.ts";
export type {
  JaegerStorage,
  Kafka,
  SearchStorage,
  TempoMode,
  TempoService,
  TempoSizing,
  TempoSizingBase,
  TracesBackend,
  TracesEndpoints,
  TracesProps,
  TracesSizing,
  TracesWorkload,
} from "./traces/index.ts";
