export { operatedAlertmanager } from "./alertmanager/alertmanager.ts";
export type { AlertRouting } from "./alertmanager/config.ts";
export type {
  DiscordReceiver,
  EmailReceiver,
  JiraReceiver,
  OpsgenieReceiver,
  PagerDutyReceiver,
  PushoverReceiver,
  Receiver,
  SlackReceiver,
  SnsReceiver,
  TeamsReceiver,
  TelegramReceiver,
  VictorOpsReceiver,
  WebexReceiver,
  WebhookReceiver,
} from "./alertmanager/receivers.ts";
export * from "./chart.ts";
export { type ControlPlanePart, controlPlaneParts } from "./control-plane/targets.ts";
export { type CustomResource, type StateMetrics, stateResources } from "./exporters/kube-state-metrics.ts";
export type { AdditionalRemoteWrite } from "./prometheus/additional-writes.ts";
export { haClusterLabel } from "./prometheus/prometheus.ts";
export { teamRuleConfigMaps } from "./prometheus/rules.ts";
export * from "./prometheus/scaling.ts";
export type { AdditionalScrape } from "./prometheus/scrape-configs.ts";
export type { RemoteWriteQueue } from "./prometheus/sizing.ts";
export type { KubePrometheusEndpoints, KubePrometheusProps } from "./props.ts";
export type { AuthenticatedRoute } from "./route.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
