import { z } from "zod";
import { secretKeySchema } from "./secret.ts";

const receiver = {
  name: z.string().min(1),
  severities: z
    .array(z.enum(["critical", "warning", "info"]))
    .default(["critical", "warning"])
    .describe("Which alerts it gets."),
  labels: z.record(z.string(), z.string()).optional().describe("Labels that an alert must have: {team: payments}."),
  sendResolved: z.boolean().default(true).describe("Whether it is told when an alert ends."),
};

/** Receivers of alerts. URLs and keys that are secret are referred to. */
export const receiverSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("slack"),
    ...receiver,
    channel: z.string(),
    webhookUrl: secretKeySchema.describe("The incoming webhook's URL."),
  }),
  z.strictObject({
    kind: z.literal("pagerduty"),
    ...receiver,
    routingKey: secretKeySchema.describe("Integration key of the Events API v2."),
  }),
  z.strictObject({
    kind: z.literal("email"),
    ...receiver,
    to: z.string(),
    from: z.string(),
    server: z.strictObject({ host: z.string(), port: z.int() }).describe("The mail server; TLS is required."),
    auth: z.strictObject({ username: z.string(), password: secretKeySchema }).optional(),
  }),
  z.strictObject({
    kind: z.literal("webhook"),
    ...receiver,
    url: secretKeySchema.describe("The whole URL: it often holds a token."),
    port: z.int().optional().describe("Port in that URL, for the network policy; 443 by default."),
  }),
]);

/** Where alerts go. */
export const alertsSchema = z.strictObject({
  receivers: z.array(receiverSchema).default([]).describe("Without one, alerts are shown in Grafana and go nowhere."),
  deadMansSwitch: secretKeySchema
    .optional()
    .describe("URL that must be called every few minutes, or somebody outside raises the alarm."),
});
