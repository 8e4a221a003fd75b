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

/** A receiver of alerts. */
export type Receiver = SlackReceiver | PagerDutyReceiver | EmailReceiver | WebhookReceiver;

/** Path of a Secret's key in the Alertmanager pod: the operator mounts the Secrets that the resource lists. */
export function secretFile({ secret, key }: SecretKey): string {
  return `/etc/alertmanager/secrets/${secret}/${key}`;
}

/** Names of the Secrets that receivers reference, sorted, without duplicates. */
export function receiverSecrets(receivers: readonly Receiver[]): string[] {
  const keys = receivers.flatMap((receiver) => {
    if (receiver.kind === "slack") return [receiver.webhookUrl];
    if (receiver.kind === "pagerduty") return [receiver.routingKey];
    if (receiver.kind === "webhook") return [receiver.url];
    return receiver.auth ? [receiver.auth.password] : [];
  });
  return [...new Set(keys.map(({ secret }) => secret))].sort();
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
