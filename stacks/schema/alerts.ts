import { z } from "zod";
import { host, line, mailAddresses, prometheusLabel } from "../../lib/formats/index.ts";
import { port, text } from "../formats.ts";
import { secretKeySchema } from "./secret.ts";

const receiver = {
  name: text(line).describe("Name of the receiver, unique in the list."),
  severities: z
    .array(z.enum(["critical", "warning", "info"]).describe("Severity of an alert."))
    .min(1)
    .default(["critical", "warning"])
    .describe("Severities of the alerts it receives."),
  labels: z
    .record(text(prometheusLabel), z.string())
    .optional()
    .describe("Labels that an alert must have: {team: payments}. By default any."),
  sendResolved: z.boolean().default(true).describe("Whether to notify it when an alert is resolved."),
};

/** Receivers of alerts. URLs and keys that are secret are referred to. */
const receiverSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("slack").describe("Slack."),
      ...receiver,
      channel: text(line).describe('Channel or user: "#alerts".'),
      webhookUrl: secretKeySchema.describe("Secret key with the URL of the incoming webhook."),
    }),
    z.strictObject({
      kind: z.literal("pagerduty").describe("PagerDuty."),
      ...receiver,
      routingKey: secretKeySchema.describe("Secret key with the integration key of the Events API v2."),
    }),
    z.strictObject({
      kind: z.literal("email").describe("E-mail."),
      ...receiver,
      to: text(mailAddresses).describe("Recipient address."),
      from: text(mailAddresses).describe("Sender address."),
      server: z
        .strictObject({ host: text(host).describe("Host name."), port: port.describe("Port: 587.") })
        .describe("The mail server; TLS is required."),
      auth: z
        .strictObject({
          username: text(line).describe("User name."),
          password: secretKeySchema.describe("Secret key with the password."),
        })
        .optional()
        .describe("Authentication. By default none."),
    }),
    z.strictObject({
      kind: z.literal("webhook").describe("Any HTTP endpoint, in Alertmanager's webhook format."),
      ...receiver,
      url: secretKeySchema.describe("Secret key with the URL, since it often contains a token."),
      port: port.optional().describe("Port of that URL, for the network policy. By default 443."),
    }),
  ])
  .describe("Where alerts of some severities are sent.");

/** Where alerts go. */
export const alertsSchema = z.strictObject({
  receivers: z
    .array(receiverSchema)
    .default([])
    .describe("Who is notified. Without receivers, alerts are only shown in Grafana."),
  deadMansSwitch: secretKeySchema
    .optional()
    .describe(
      "Secret key with the URL of a dead man's switch: it is called every few minutes, and the service behind it raises the alarm when the calls stop.",
    ),
});
