import { z } from "zod";
import { dnsLabel, host, httpUrl, line, mailAddresses, prometheusLabel } from "../../lib/formats/index.ts";
import { notificationTemplate } from "../../lib/monitoring/template.ts";
import { mapping, port, text, unique } from "../formats.ts";
import { alertRulesSchema } from "./alert-rules.ts";
import { authenticatedRouteSchema } from "./route.ts";
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
  muteDuring: z
    .array(text(line).describe("A name."))
    .optional()
    .describe("Names of the muteTimes in which it is not notified. By default none."),
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
    z.strictObject({
      kind: z.literal("teams").describe("Microsoft Teams."),
      ...receiver,
      webhookUrl: secretKeySchema.describe("Secret key with the URL of the workflow."),
    }),
    z.strictObject({
      kind: z.literal("discord").describe("Discord."),
      ...receiver,
      webhookUrl: secretKeySchema.describe("Secret key with the URL of the webhook, followed by /slack."),
    }),
    z.strictObject({
      kind: z.literal("telegram").describe("Telegram."),
      ...receiver,
      botToken: secretKeySchema.describe("Secret key with the token of the bot."),
      chatId: z.int().describe("Chat; those of groups are negative."),
    }),
    z.strictObject({
      kind: z.literal("opsgenie").describe("Opsgenie."),
      ...receiver,
      apiKey: secretKeySchema.describe("Secret key with the API key."),
    }),
    z.strictObject({
      kind: z.literal("victorops").describe("VictorOps (Splunk On-Call)."),
      ...receiver,
      apiKey: secretKeySchema.describe("Secret key with the API key."),
      team: text(line).describe("Routing key, which selects the team."),
    }),
    z.strictObject({
      kind: z.literal("pushover").describe("Pushover."),
      ...receiver,
      userKey: secretKeySchema.describe("Secret key with the key of the user or group."),
      token: secretKeySchema.describe("Secret key with the token of the application."),
    }),
    z.strictObject({
      kind: z.literal("webex").describe("Webex."),
      ...receiver,
      roomId: text(line).describe("ID of the room."),
      botToken: secretKeySchema.describe("Secret key with the token of the bot."),
    }),
    z.strictObject({
      kind: z.literal("jira").describe("Jira: an issue for each group of alerts."),
      ...receiver,
      apiUrl: text(httpUrl).describe("URL of the REST API: https://example.atlassian.net/rest/api/3/."),
      project: text(line).describe("Key of the project."),
      issueType: text(line).default("Bug").describe("Type of the issues."),
      auth: z
        .strictObject({
          username: text(line).describe("User name."),
          password: secretKeySchema.describe("Secret key with the password or API token."),
        })
        .describe("Authentication."),
    }),
    z.strictObject({
      kind: z.literal("sns").describe("Amazon SNS, with the role of Alertmanager's pod."),
      ...receiver,
      topicArn: text(line).describe("ARN of the topic."),
      region: text(line).describe("Region of the topic."),
    }),
  ])
  .describe("Where alerts of some severities are sent.");

/** Where alerts go. */
export const alertsSchema = z.strictObject({
  rules: alertRulesSchema
    .default({})
    .describe(
      "Changes of single alerts, by name, or by name/severity where an alert exists at several: {MimirPushLatency: {threshold: 5, for: 30m}, CoreDNSDown: {enabled: false}}.",
    ),
  receivers: z
    .array(receiverSchema)
    .default([])
    .describe("Who is notified. Without receivers, alerts are only shown in Grafana."),
  muteTimes: z
    .record(z.string(), z.array(z.record(z.string(), z.unknown()).describe("A time interval.")))
    .optional()
    .describe("Times in which receivers are not notified, by name, as Alertmanager's time_intervals. By default none."),
  routes: z
    .array(z.record(z.string(), z.unknown()).describe("A route."))
    .optional()
    .describe("Routes before those of the receivers, in Alertmanager's own format. By default none."),
  inhibitions: z
    .array(z.record(z.string(), z.unknown()).describe("An inhibition."))
    .optional()
    .describe("Inhibitions beyond those between severities, in Alertmanager's own format. By default none."),
  templates: mapping(dnsLabel, notificationTemplate)
    .optional()
    .describe(
      "Files of templates for notifications, by name. Templates named like those of Alertmanager replace them: slack.default.title. By default none.",
    ),
  configNamespaces: unique(text(dnsLabel).describe("A namespace."))
    .default([])
    .describe(
      "Namespaces whose AlertmanagerConfigs are used beside the stack's own, each for the alerts of its namespace. They must exist; the operator may list their Secrets, and Alertmanager may connect to their pods and to ports 443, 465 and 587 anywhere. Those of the stack's own namespace are always used; list it to allow the connections of their receivers.",
    ),
  externalUrl: text(httpUrl)
    .optional()
    .describe("URL at which people reach Alertmanager, for links in notifications. By default its Service's."),
  route: authenticatedRouteSchema
    .optional()
    .describe("How users reach Alertmanager; it must authenticate them. By default they do not."),
  deadMansSwitch: secretKeySchema
    .optional()
    .describe(
      "Secret key with the URL of a dead man's switch: it is called every few minutes, and the service behind it raises the alarm when the calls stop.",
    ),
});
