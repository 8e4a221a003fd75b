/**
 * What both entry points export: the types of props, endpoints and sizes, the profiles, and the error of invalid props.
 */

export type {
  CardinalityClass,
  ClusterFacts,
  ComponentProps,
  Edge,
  Endpoint,
  EnvValue,
  Footprint,
  Identity,
  Image,
  ImageName,
  ImageOptions,
  KubernetesObject,
  Labels,
  ObjectStore,
  Peer,
  Platform,
  Pods,
  ScrapeTarget,
  SecretKey,
  SelectedPods,
  Server,
  ServiceAccountConstruct,
  ServiceConstruct,
  StoreIdentity,
  WorkloadConstruct,
} from "../lib/kubernetes/index.ts";
export type { Dashboard } from "../lib/monitoring/dashboard.ts";
export type { Alert, Evaluator, Recording, RuleGroup, Severity } from "../lib/monitoring/rules.ts";
export type { CollectorMode, QueueStorage } from "../lib/otel/index.ts";
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
  AlloyGateway,
  AlloyProps,
  AlloySizing,
  LogSource,
} from "./alloy/index.ts";
export type {
  Access,
  GrafanaContentProps,
  GrafanaEndpoints,
  GrafanaProps,
  GrafanaRoute,
  GrafanaSizing,
  Ldap,
  MountedDashboards,
  Oidc,
  PostgreSql,
  Provisioning,
  QueryPath,
  Sources,
  TeamFolders,
} from "./grafana/index.ts";
export type {
  AlertRouting,
  ControlPlanePart,
  EmailReceiver,
  KubePrometheusEndpoints,
  KubePrometheusProps,
  KubePrometheusSizes,
  KubePrometheusSizing,
  PagerDutyReceiver,
  Receiver,
  RemoteWriteQueue,
  SlackReceiver,
  WebhookReceiver,
} from "./kube-prometheus/index.ts";
export type {
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
export type { ExternalEndpoints, ObservabilityProps } from "./observability.ts";
export type {
  GatewayResolver,
  OtelAgentEndpoints,
  OtelAgentProps,
  OtelAgentSizing,
} from "./otel-agent/index.ts";
export type {
  OtelGatewayEndpoints,
  OtelGatewayProps,
  OtelGatewaySizing,
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
