import type { SecretKey } from "../../../lib/kubernetes/index.ts";
import type { Severity } from "../../../lib/monitoring/rules.ts";

/** Properties of every receiver. Secret values are referenced by Secret and key, in the stack's namespace. */
interface ReceiverProps {
  /** Name, unique among the receivers. */
  readonly name: string;
  /** Severities of alerts it is notified of. @default ["critical", "warning"] */
  readonly severities?: readonly Severity[];
  /** Labels that alerts must have. @default none @example {team: "payments"} */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it is notified when an alert is resolved. @default true */
  readonly sendResolved?: boolean;
  /** Names of the `muteTimes` in which it is not notified. @default none */
  readonly muteDuring?: readonly string[];
}

/** Slack, through an incoming webhook. @see https://prometheus.io/docs/alerting/latest/configuration/#slack_config */
export interface SlackReceiver extends ReceiverProps {
  readonly kind: "slack";
  /** Channel. @example "#alerts" */
  readonly channel: string;
  /** URL of the incoming webhook. */
  readonly webhookUrl: SecretKey;
}

/** PagerDuty. @see https://prometheus.io/docs/alerting/latest/configuration/#pagerduty_config */
export interface PagerDutyReceiver extends ReceiverProps {
  readonly kind: "pagerduty";
  /** Integration key of the Events API v2. */
  readonly routingKey: SecretKey;
}

/** E-mail. @see https://prometheus.io/docs/alerting/latest/configuration/#email_config */
export interface EmailReceiver extends ReceiverProps {
  readonly kind: "email";
  /** Recipient. */
  readonly to: string;
  /** Sender. */
  readonly from: string;
  /** SMTP server, which must support TLS. */
  readonly server: { readonly host: string; readonly port: number };
  /** Credentials. @default none: the server does not require authentication */
  readonly auth?: { readonly username: string; readonly password: SecretKey };
}

/** A webhook. @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export interface WebhookReceiver extends ReceiverProps {
  readonly kind: "webhook";
  /** URL, which usually contains a token. */
  readonly url: SecretKey;
  /** Port of that URL, for the network policy. @default 443 */
  readonly port?: number;
}

/** Microsoft Teams, through a workflow's webhook. @see https://prometheus.io/docs/alerting/latest/configuration/#msteamsv2_config */
export interface TeamsReceiver extends ReceiverProps {
  readonly kind: "teams";
  /** URL of the workflow. */
  readonly webhookUrl: SecretKey;
}

/**
 * Discord, through its Slack-compatible webhooks: the operator's parser knows no file for the URL in `discord_configs`.
 * @see https://discord.com/developers/docs/resources/webhook#execute-slackcompatible-webhook
 */
export interface DiscordReceiver extends ReceiverProps {
  readonly kind: "discord";
  /** URL of the webhook, followed by `/slack`. */
  readonly webhookUrl: SecretKey;
}

/** Telegram. @see https://prometheus.io/docs/alerting/latest/configuration/#telegram_config */
export interface TelegramReceiver extends ReceiverProps {
  readonly kind: "telegram";
  readonly botToken: SecretKey;
  /** Chat; those of groups are negative. */
  readonly chatId: number;
}

/** Opsgenie. @see https://prometheus.io/docs/alerting/latest/configuration/#opsgenie_config */
export interface OpsgenieReceiver extends ReceiverProps {
  readonly kind: "opsgenie";
  readonly apiKey: SecretKey;
}

/** VictorOps (Splunk On-Call). @see https://prometheus.io/docs/alerting/latest/configuration/#victorops_config */
export interface VictorOpsReceiver extends ReceiverProps {
  readonly kind: "victorops";
  readonly apiKey: SecretKey;
  /** Routing key, which selects the team. */
  readonly team: string;
}

/** Pushover. @see https://prometheus.io/docs/alerting/latest/configuration/#pushover_config */
export interface PushoverReceiver extends ReceiverProps {
  readonly kind: "pushover";
  /** Key of the user or group. */
  readonly userKey: SecretKey;
  /** Token of the application. */
  readonly token: SecretKey;
}

/** Webex. @see https://prometheus.io/docs/alerting/latest/configuration/#webex_config */
export interface WebexReceiver extends ReceiverProps {
  readonly kind: "webex";
  readonly roomId: string;
  /** Token of the bot. */
  readonly botToken: SecretKey;
}

/** Jira: an issue per group of alerts. @see https://prometheus.io/docs/alerting/latest/configuration/#jira_config */
export interface JiraReceiver extends ReceiverProps {
  readonly kind: "jira";
  /** URL of the REST API. @example "https://example.atlassian.net/rest/api/3/" */
  readonly apiUrl: string;
  readonly project: string;
  /** @default "Bug" */
  readonly issueType?: string;
  readonly auth: { readonly username: string; readonly password: SecretKey };
}

/** Amazon SNS, with the role of Alertmanager's pod. @see https://prometheus.io/docs/alerting/latest/configuration/#sns_config */
export interface SnsReceiver extends ReceiverProps {
  readonly kind: "sns";
  readonly topicArn: string;
  readonly region: string;
}

/** A receiver of alerts. */
export type Receiver =
  | SlackReceiver
  | PagerDutyReceiver
  | EmailReceiver
  | WebhookReceiver
  | TeamsReceiver
  | DiscordReceiver
  | TelegramReceiver
  | OpsgenieReceiver
  | VictorOpsReceiver
  | PushoverReceiver
  | WebexReceiver
  | JiraReceiver
  | SnsReceiver;

/** Path of a Secret's key in the Alertmanager pod: the operator mounts the Secrets that the resource lists. */
export function secretFile({ secret, key }: SecretKey): string {
  return `/etc/alertmanager/secrets/${secret}/${key}`;
}

/** Names of the Secrets that receivers reference, sorted, without duplicates. */
export function receiverSecrets(receivers: readonly Receiver[]): string[] {
  return [...new Set(receivers.flatMap(secretKeysIn).map(({ secret }) => secret))].sort();
}

/** References to Secrets among the properties of a receiver, also in nested ones. */
function secretKeysIn(value: unknown): SecretKey[] {
  if (typeof value !== "object" || value === null) return [];
  if ("secret" in value && "key" in value) return [value as SecretKey];
  return Object.values(value).flatMap(secretKeysIn);
}

/** Ports of the receivers, for the network policy. */
export function receiverPorts(receivers: readonly Receiver[]): number[] {
  const ports = receivers.map((receiver) => {
    if (receiver.kind === "email") return receiver.server.port;
    return receiver.kind === "webhook" ? (receiver.port ?? 443) : 443;
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** A receiver in Alertmanager's configuration. */
export function receiverConfig(receiver: Receiver): object {
  const { name, sendResolved: send_resolved = true } = receiver;
  switch (receiver.kind) {
    case "slack":
      return {
        name,
        slack_configs: [
          { api_url_file: secretFile(receiver.webhookUrl), channel: receiver.channel, send_resolved, ...slackText },
        ],
      };
    case "pagerduty":
      return {
        name,
        pagerduty_configs: [
          { routing_key_file: secretFile(receiver.routingKey), severity: pagerDutySeverity, send_resolved },
        ],
      };
    case "email": {
      const { to, from, server, auth } = receiver;
      return {
        name,
        email_configs: [
          {
            to,
            from,
            smarthost: `${server.host}:${server.port}`,
            require_tls: true,
            ...(auth && { auth_username: auth.username, auth_password_file: secretFile(auth.password) }),
            send_resolved,
          },
        ],
      };
    }
    case "webhook":
      return { name, webhook_configs: [{ url_file: secretFile(receiver.url), send_resolved }] };
    case "teams":
      return { name, msteamsv2_configs: [{ webhook_url_file: secretFile(receiver.webhookUrl), send_resolved }] };
    case "discord":
      return {
        name,
        slack_configs: [{ api_url_file: secretFile(receiver.webhookUrl), send_resolved, ...slackText }],
      };
    case "telegram": {
      const { botToken, chatId: chat_id } = receiver;
      return { name, telegram_configs: [{ bot_token_file: secretFile(botToken), chat_id, send_resolved }] };
    }
    case "opsgenie":
      return { name, opsgenie_configs: [{ api_key_file: secretFile(receiver.apiKey), send_resolved }] };
    case "victorops": {
      const { apiKey, team: routing_key } = receiver;
      return { name, victorops_configs: [{ api_key_file: secretFile(apiKey), routing_key, send_resolved }] };
    }
    case "pushover": {
      const { userKey, token } = receiver;
      const keys = { user_key_file: secretFile(userKey), token_file: secretFile(token) };
      return { name, pushover_configs: [{ ...keys, send_resolved }] };
    }
    case "webex": {
      const authorization = { credentials_file: secretFile(receiver.botToken) };
      return { name, webex_configs: [{ room_id: receiver.roomId, http_config: { authorization }, send_resolved }] };
    }
    case "jira": {
      const { apiUrl: api_url, project, issueType: issue_type = "Bug", auth } = receiver;
      const basic_auth = { username: auth.username, password_file: secretFile(auth.password) };
      return { name, jira_configs: [{ api_url, project, issue_type, http_config: { basic_auth }, send_resolved }] };
    }
    case "sns": {
      const { topicArn: topic_arn, region } = receiver;
      return { name, sns_configs: [{ topic_arn, sigv4: { region }, send_resolved }] };
    }
  }
}

/** PagerDuty uses the same names of severities. */
const pagerDutySeverity = "{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}warning{{ end }}";

/** Each alert with its description and runbook. */
const slackText = {
  title:
    '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.alertname }}',
  text: "{{ range .Alerts }}{{ .Annotations.description }}{{ if .Annotations.runbook_url }} ({{ .Annotations.runbook_url }}){{ end }}\n{{ end }}",
} as const;
