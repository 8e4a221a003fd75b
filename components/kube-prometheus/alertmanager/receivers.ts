import type { SecretKey } from "../../../lib/kubernetes/index.ts";
import type { Severity } from "../../../lib/monitoring/rules.ts";

/** What every receiver has. Its secrets are named, never stated: a Secret of the stack's namespace, mounted as files. */
interface ReceiverProps {
  /** Unique among the receivers. */
  readonly name: string;
  /** Alerts it is told of. @default ["critical", "warning"] */
  readonly severities?: readonly Severity[];
  /** Labels that an alert must have: `{team: "payments"}`. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it is told when an alert ends. @default true */
  readonly sendResolved?: boolean;
}

export interface SlackReceiver extends ReceiverProps {
  readonly kind: "slack";
  /** `#alerts`. */
  readonly channel: string;
  /** The incoming webhook's URL. */
  readonly webhookUrl: SecretKey;
}

export interface PagerDutyReceiver extends ReceiverProps {
  readonly kind: "pagerduty";
  /** Integration key of Events API v2. */
  readonly routingKey: SecretKey;
}

export interface EmailReceiver extends ReceiverProps {
  readonly kind: "email";
  readonly to: string;
  readonly from: string;
  /** The mail server. TLS is required. */
  readonly server: { readonly host: string; readonly port: number };
  /** @default none: the server takes mail without asking */
  readonly auth?: { readonly username: string; readonly password: SecretKey };
}

export interface WebhookReceiver extends ReceiverProps {
  readonly kind: "webhook";
  /** Its URL, which usually holds a token. */
  readonly url: SecretKey;
  /** Port in that URL, for the network policy. @default 443 */
  readonly port?: number;
}

/** Where alerts go. */
export type Receiver = SlackReceiver | PagerDutyReceiver | EmailReceiver | WebhookReceiver;

/** Where Alertmanager finds a Secret's key: the operator mounts the Secrets that its resource lists. */
export function secretFile({ secret, key }: SecretKey): string {
  return `/etc/alertmanager/secrets/${secret}/${key}`;
}

/** The Secrets that receivers name, each once, sorted. */
export function receiverSecrets(receivers: readonly Receiver[]): string[] {
  const keys = receivers.flatMap((receiver) => {
    if (receiver.kind === "slack") return [receiver.webhookUrl];
    if (receiver.kind === "pagerduty") return [receiver.routingKey];
    if (receiver.kind === "webhook") return [receiver.url];
    return receiver.auth ? [receiver.auth.password] : [];
  });
  return [...new Set(keys.map(({ secret }) => secret))].sort();
}

/** Ports outside the cluster that receivers need. */
export function receiverPorts(receivers: readonly Receiver[]): number[] {
  const ports = receivers.map((receiver) => {
    if (receiver.kind === "email") return receiver.server.port;
    return receiver.kind === "webhook" ? (receiver.port ?? 443) : 443;
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** A receiver as Alertmanager reads it. */
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

/** PagerDuty knows these three names too. */
const pagerDutySeverity = "{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}warning{{ end }}";

/** Each alert with its sentence and its runbook: what a person needs at night. */
const slackText = {
  title:
    '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.alertname }}',
  text: "{{ range .Alerts }}{{ .Annotations.description }}{{ if .Annotations.runbook_url }} ({{ .Annotations.runbook_url }}){{ end }}\n{{ end }}",
} as const;
