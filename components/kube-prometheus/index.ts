export type { AlertRouting } from "./alertmanager-config.ts";
export * from "./capacity.ts";
export * from "./chart.ts";
export type { ControlPlanePart } from "./control-plane.ts";
export { generatedCrds } from "./crds.ts";
export { haReplicaLabel } from "./prometheus.ts";
export type { EmailReceiver, PagerDutyReceiver, Receiver, SlackReceiver, WebhookReceiver } from "./receivers.ts";
export * from "./sizing.ts";
