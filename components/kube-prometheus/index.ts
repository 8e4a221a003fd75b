export { operatedAlertmanager } from "./alertmanager.ts";
export type { AlertRouting } from "./alertmanager-config.ts";
export * from "./capacity.ts";
export * from "./chart.ts";
export type { ControlPlanePart } from "./control-plane.ts";
export { generatedCrds } from "./crds.ts";
export { haClusterLabel } from "./prometheus.ts";
export type { EmailReceiver, PagerDutyReceiver, Receiver, SlackReceiver, WebhookReceiver } from "./receivers.ts";
export * from "./sizing.ts";
