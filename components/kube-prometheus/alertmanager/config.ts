import type { SecretKey } from "../../../lib/kubernetes/index.ts";
import { type Receiver, receiverConfig, secretFile } from "./receivers.ts";

/** Who is told of what. */
export interface AlertRouting {
  /** @default none: alerts are seen in Grafana and Alertmanager alone */
  readonly receivers?: readonly Receiver[];
  /**
   * URL of a dead man's switch, which raises the alarm when the always-firing Watchdog stops coming.
   * @default none
   */
  readonly deadMansSwitch?: SecretKey;
}

const nobody = "nobody";
const deadMansSwitch = "dead-mans-switch";

/**
 * Alertmanager's configuration file. Every receiver whose severities and labels fit is told, not just the first. No
 * secret value is in it: each is a file that the pod mounts.
 */
export function alertmanagerConfig({ receivers = [], deadMansSwitch: watchdog }: AlertRouting): object {
  return {
    global: { resolve_timeout: "5m" },
    route: {
      receiver: nobody,
      // One message for what one cause brings down in one namespace.
      group_by: ["alertname", "cluster", "namespace"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: [
        {
          receiver: watchdog ? deadMansSwitch : nobody,
          matchers: ['alertname="Watchdog"'],
          group_wait: "0s",
          group_interval: "1m",
          repeat_interval: "5m",
        },
        ...receivers.map((receiver) => ({
          receiver: receiver.name,
          matchers: [
            `severity=~"${(receiver.severities ?? ["critical", "warning"]).join("|")}"`,
            ...Object.entries(receiver.labels ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
          ],
          continue: true,
        })),
      ],
    },
    inhibit_rules: [
      quiet("critical", "warning|info", ["cluster", "namespace", "alertname"]),
      quiet("warning", "info", ["cluster", "namespace", "alertname"]),
    ],
    receivers: [
      { name: nobody },
      ...(watchdog
        ? [{ name: deadMansSwitch, webhook_configs: [{ url_file: secretFile(watchdog), send_resolved: false }] }]
        : []),
      ...receivers.map(receiverConfig),
    ],
  };
}

/** While the graver of two alerts fires, the lesser of the same kind is not sent. */
function quiet(source: string, target: string, equal: readonly string[]): object {
  return {
    source_matchers: [`severity="${source}"`],
    target_matchers: [`severity=~"${target}"`],
    equal: [...equal],
  };
}
