import { expect, test } from "vitest";
import { alertmanagerConfig } from "./config.ts";
import { type Receiver, receiverPorts, receiverSecrets } from "./receivers.ts";

const receivers: readonly Receiver[] = [
  { kind: "slack", name: "team", channel: "#alerts", webhookUrl: { secret: "slack", key: "url" } },
  { kind: "pagerduty", name: "night", routingKey: { secret: "pd", key: "key" }, severities: ["critical"] },
  {
    kind: "email",
    name: "mail",
    to: "a@example.org",
    from: "b@example.org",
    server: { host: "mail.example.org", port: 587 },
    auth: { username: "b", password: { secret: "mail", key: "password" } },
    labels: { team: 'pay"ments' },
  },
  { kind: "webhook", name: "hook", url: { secret: "slack", key: "hook" }, port: 8443, sendResolved: false },
];

test("notifies every receiver that matches by severity and labels", () => {
  const { route } = alertmanagerConfig({ receivers }) as { route: { receiver: string; routes: object[] } };
  expect(route.receiver).toBe("nobody");
  expect(route.routes.slice(1)).toEqual([
    { receiver: "team", matchers: ['severity=~"critical|warning"'], continue: true },
    { receiver: "night", matchers: ['severity=~"critical"'], continue: true },
    { receiver: "mail", matchers: ['severity=~"critical|warning"', 'team="pay\\"ments"'], continue: true },
    { receiver: "hook", matchers: ['severity=~"critical|warning"'], continue: true },
  ]);
});

test("references secrets as mounted files, never as values", () => {
  const text = JSON.stringify(alertmanagerConfig({ receivers, deadMansSwitch: { secret: "dms", key: "url" } }));
  for (const file of ["slack/url", "pd/key", "mail/password", "slack/hook", "dms/url"]) {
    expect(text).toContain(`/etc/alertmanager/secrets/${file}`);
  }
  expect(text).not.toMatch(/"(api_url|routing_key|auth_password|url|service_key)":/);
  expect(receiverSecrets(receivers)).toEqual(["mail", "pd", "slack"]);
});

test("opens the ports of receivers in the network policy", () => {
  expect(receiverPorts(receivers)).toEqual([443, 587, 8443]);
});

test("routes the Watchdog alert to the dead man's switch only", () => {
  const config = alertmanagerConfig({ receivers, deadMansSwitch: { secret: "dms", key: "url" } }) as {
    route: { routes: { receiver: string; continue?: boolean }[] };
  };
  expect(config.route.routes[0]).toMatchObject({ receiver: "dead-mans-switch", matchers: ['alertname="Watchdog"'] });
  expect(config.route.routes[0]?.continue).toBeUndefined();
  expect(alertmanagerConfig({})).toMatchObject({ route: { routes: [{ receiver: "nobody" }] } });
});
