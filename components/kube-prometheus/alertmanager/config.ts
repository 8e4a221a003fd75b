import { doubleQuoted } from "../../../lib/formats/index.ts";
import type { proxySettings, SecretKey } from "../../../lib/kubernetes/index.ts";
import type { AuthenticatedRoute } from "../route.ts";
import { type Receiver, receiverConfig, secretFile } from "./receivers.ts";

/** Receivers of alerts. */
export interface AlertRouting {
  /**
   * URL at which people reach Alertmanager: the start of the links in notifications.
   * @default the Service's, which browsers outside the cluster cannot open
   */
  readonly externalUrl?: string;
  /** How users reach Alertmanager from outside the cluster; its host is the default of `externalUrl`. @default they do not */
  readonly route?: AuthenticatedRoute;
  /**
   * Namespaces whose AlertmanagerConfigs are used, beside the stack's own; each applies to the alerts of its namespace.
   * They must exist. The operator may list the Secrets and ConfigMaps of each: AlertmanagerConfigs reference them. Alertmanager
   * may connect to the pods of each, and to ports 443, 465 and 587 anywhere. AlertmanagerConfigs of the stack's own namespace are
   * always used; the connections of their receivers are allowed if it is listed too.
   * @default none
   * @see https://prometheus-operator.dev/docs/developer/alerting/#alertmanagerconfig-resource
   */
  readonly configNamespaces?: readonly string[];
  /** Receivers; each gets every alert that matches its severities and labels. @default none: alerts are only visible in Alertmanager and Grafana */
  readonly receivers?: readonly Receiver[];
  /**
   * Secret key with the URL of a dead man's switch, which notifies when it stops receiving the always firing Watchdog alert.
   * @default none
   */
  readonly deadMansSwitch?: SecretKey;
  /**
   * Times in which receivers that name them are not notified, by name.
   * @default none
   * @see https://prometheus.io/docs/alerting/latest/configuration/#time_interval
   */
  readonly muteTimes?: Readonly<Record<string, readonly object[]>>;
  /**
   * Routes that come before those of the receivers, in Alertmanager's own format.
   * @default none
   * @see https://prometheus.io/docs/alerting/latest/configuration/#route
   */
  readonly routes?: readonly object[];
  /**
   * Inhibitions in addition to those between severities, in Alertmanager's own format.
   * @default none
   * @see https://prometheus.io/docs/alerting/latest/configuration/#inhibition-related-settings
   */
  readonly inhibitions?: readonly object[];
  /**
   * Files of templates for notifications, by name. A template that is named like one of Alertmanager's own replaces it:
   * `slack.default.title`, `email.default.html`.
   * @default none
   * @see https://prometheus.io/docs/alerting/latest/notifications/
   */
  readonly templates?: Readonly<Record<string, string>>;
}

const nobody = "nobody";
const deadMansSwitch = "dead-mans-switch";

/** Receiver names that the configuration uses itself. */
export const reservedReceivers: readonly string[] = [nobody, deadMansSwitch];

/** Names of the receivers that a route can have. */
export const receiverNames = ({ receivers = [], deadMansSwitch: watchdog }: AlertRouting): readonly string[] => [
  nobody,
  ...(watchdog ? [deadMansSwitch] : []),
  ...receivers.map(({ name }) => name),
];

/**
 * Alertmanager's configuration file. Every receiver whose severities and labels match is notified, not only the first.
 * Secrets are referenced as files that the pod mounts.
 */
export function alertmanagerConfig(routing: AlertRouting, proxy?: ReturnType<typeof proxySettings>): object {
  const {
    receivers = [],
    deadMansSwitch: watchdog,
    muteTimes = {},
    routes = [],
    inhibitions = [],
    templates,
  } = routing;
  return {
    global: {
      resolve_timeout: "5m",
      ...(proxy && { http_config: { proxy_url: proxy.url, no_proxy: proxy.noProxy, follow_redirects: true } }),
    },
    ...(templates && Object.keys(templates).length > 0 && { templates: ["/etc/alertmanager/config/*.tmpl"] }),
    route: {
      receiver: nobody,
      // One notification for alerts of one kind in one namespace.
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
        ...routes,
        ...receivers.map((receiver) => ({
          receiver: receiver.name,
          matchers: [
            `severity=~"${(receiver.severities ?? ["critical", "warning"]).join("|")}"`,
            ...Object.entries(receiver.labels ?? {}).map(([name, value]) => `${name}=${doubleQuoted(value)}`),
          ],
          ...(receiver.muteDuring && { mute_time_intervals: receiver.muteDuring }),
          continue: true,
        })),
      ],
    },
    inhibit_rules: [
      quiet("critical", "warning|info", ["cluster", "namespace", "alertname"]),
      quiet("warning", "info", ["cluster", "namespace", "alertname"]),
      ...inhibitions,
    ],
    ...(Object.keys(muteTimes).length > 0 && {
      time_intervals: Object.entries(muteTimes).map(([name, time_intervals]) => ({ name, time_intervals })),
    }),
    receivers: [
      { name: nobody },
      ...(watchdog
        ? [{ name: deadMansSwitch, webhook_configs: [{ url_file: secretFile(watchdog), send_resolved: false }] }]
        : []),
      ...receivers.map(receiverConfig),
    ],
  };
}

/** Mutes alerts of lower severity while one of the same name and namespace fires with a higher severity. */
function quiet(source: string, target: string, equal: readonly string[]): object {
  return {
    source_matchers: [`severity="${source}"`],
    target_matchers: [`severity=~"${target}"`],
    equal: [...equal],
  };
}
