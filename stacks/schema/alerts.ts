import { z } from "zod";
import { secretKeySchema } from "./secret.ts";

const receiver = {
  name: z.string().min(1),
  severities: z
    .array(z.enum(["critical", "warning", "info"]))
    .default(["critical", "warning"])
    .describe("Which alerts it gets."),
  sendResolved: z.boolean().default(true),
};

/** Receivers of alerts. URLs and keys that are secret are referred to. */
export const receiverSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("slack"),
    ...receiver,
    channel: z.string(),
    apiUrl: secretKeySchema.describe("The incoming webhook's URL."),
  }),
  z.strictObject({
    kind: z.literal("pagerduty"),
    ...receiver,
    routingKey: secretKeySchema,
  }),
  z.strictObject({
    kind: z.literal("email"),
    ...receiver,
    to: z.string(),
    from: z.string(),
    smarthost: z.string().describe("Host and port of the mail server."),
    username: z.string().optional(),
    password: secretKeySchema.optional(),
  }),
  z.strictObject({
    kind: z.literal("webhook"),
    ...receiver,
    url: secretKeySchema.describe("The whole URL: it often holds a token."),
  }),
]);

/** Where alerts go. */
export const alertsSchema = z.strictObject({
  receivers: z.array(receiverSchema).default([]).describe("Without one, alerts are shown in Grafana and go nowhere."),
});
