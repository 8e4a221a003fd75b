import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { notificationTemplateError } from "../../../lib/monitoring/template.ts";
import { requireProgram } from "../../../test/data-plane/process.ts";
import { type AlertRouting, alertmanagerConfig } from "./config.ts";
import { otherReceivers } from "./receivers.fixture.ts";
import { acceptedRouting, rejectedRouting } from "./routing.fixture.ts";
import { validateRouting } from "./validate.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-alertmanager-"));
afterAll(() => rmSync(folder, { recursive: true }));

const routing: AlertRouting = {
  receivers: [
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
    { kind: "webhook", name: "hook", url: { secret: "hook", key: "url" } },
  ],
  deadMansSwitch: { secret: "dms", key: "url" },
};

function write(name: string, config: unknown): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(config, { lineWidth: 0 }));
  return file;
}

/** Every kind of receiver, and what people write themselves. */
const custom: AlertRouting = {
  receivers: otherReceivers.map((receiver) => ({ ...receiver, severities: ["info"], muteDuring: ["nights"] })),
  muteTimes: { nights: [{ times: [{ start_time: "18:00", end_time: "24:00" }], weekdays: ["monday:friday"] }] },
  routes: [{ receiver: "jira", matchers: ['team="shop"'] }],
  inhibitions: [
    { source_matchers: ['alertname="ClusterDown"'], target_matchers: ['severity="warning"'], equal: ["cluster"] },
  ],
};

test.each([
  ["nobody", {}],
  ["everybody", routing],
  ["every kind of receiver", custom],
] as const)("amtool takes the configuration that tells %s", (name, who) => {
  const file = write(name, alertmanagerConfig(who));
  const output = execFileSync(requireProgram("amtool"), ["check-config", file], { encoding: "utf8" });
  expect(output).toContain("SUCCESS");
});

test("amtool takes the files of templates that our grammar takes", () => {
  const texts = {
    good: '{{ define "slack.default.title" }}{{ .Status | toUpper }}: {{ template "own.summary" . }}{{ end }}',
    summary: '{{ define "own.summary" }}{{ range $i, $a := .Alerts }}{{ $a.Annotations.summary }}{{ end }}{{ end }}',
    comment: '{{/* }} is text */}}{{ define "a" }}{{- if eq .Status "firing" }}a{{ else }}b{{ end -}}{{ end }}',
    open: '{{ define "a" }}{{ if .Alerts }}{{ end }}',
    unknown: '{{ define "a" }}{{ humanizePercentage 1 }}{{ end }}',
    variable: '{{ define "a" }}{{ $labels.a }}{{ end }}',
    unclosed: '{{ define "a" }}{{ .Status {{ end }}',
  };
  for (const [name, text] of Object.entries(texts)) {
    const template = join(folder, `${name}.tmpl`);
    writeFileSync(template, text);
    const config = { ...alertmanagerConfig({ templates: { [name]: text } }), templates: [template] };
    const { status } = spawnSync(requireProgram("amtool"), ["check-config", write(`template-${name}`, config)]);
    expect({ name, valid: notificationTemplateError(text) === undefined }).toEqual({ name, valid: status === 0 });
  }
});

test("the real template engine writes notifications with templates that replace its own", () => {
  const template = join(folder, "replaced.tmpl");
  writeFileSync(
    template,
    '{{ define "slack.default.title" }}{{ template "own" . }}{{ end }}{{ define "own" }}{{ .Status }}!{{ end }}',
  );
  const args = [
    "template",
    "render",
    `--template.glob=${template}`,
    '--template.text={{ template "slack.default.title" . }}',
  ];
  expect(execFileSync(requireProgram("amtool"), args, { encoding: "utf8" }).trim()).toMatch(/^\w+!$/);
});

/** Receivers of an alert, by Alertmanager's own routing. */
const told = (file: string, ...labels: readonly string[]): string[] =>
  execFileSync(requireProgram("amtool"), ["config", "routes", "test", `--config.file=${file}`, ...labels], {
    encoding: "utf8",
  })
    .trim()
    .split(/[,\n]/);

test("routes alerts to every receiver whose severities and labels match", () => {
  const file = write("routes", alertmanagerConfig(routing));
  expect(told(file, "alertname=X", "severity=critical")).toEqual(["team", "night", "hook"]);
  expect(told(file, "alertname=X", "severity=warning")).toEqual(["team", "hook"]);
  expect(told(file, "alertname=X", "severity=warning", 'team="pay\\"ments"')).toEqual(["team", "mail", "hook"]);
  expect(told(file, "alertname=X", "severity=info")).toEqual(["nobody"]);
  expect(told(file, "alertname=Watchdog", "severity=info")).toEqual(["dead-mans-switch"]);
});

test("custom routes come before those of the receivers", () => {
  const file = write("custom", alertmanagerConfig(custom));
  expect(told(file, "alertname=X", "severity=info", "team=shop")).toEqual(["jira"]);
  expect(told(file, "alertname=X", "severity=info")).toEqual(otherReceivers.map(({ name }) => name));
});

test("amtool rejects an invalid configuration", () => {
  const file = write("wrong", { ...alertmanagerConfig(routing), route: { receiver: "missing" } });
  const { status, stdout } = spawnSync(requireProgram("amtool"), ["check-config", file], { encoding: "utf8" });
  expect(status).not.toBe(0);
  expect(stdout).toContain("missing");
});

/** Whether amtool accepts a configuration, and what our own validation says of it. */
function verdicts(name: string, who: AlertRouting): { amtool: boolean; ours: boolean } {
  const { status } = spawnSync(requireProgram("amtool"), ["check-config", write(name, alertmanagerConfig(who))]);
  return { amtool: status === 0, ours: validateRouting(who).length === 0 };
}

test.each(rejectedRouting.map((who, index) => [JSON.stringify(who), index, who] as const))(
  "amtool rejects %s, and so does the chart",
  (_, index, who) => {
    expect(verdicts(`rejected-${index}`, who)).toEqual({ amtool: false, ours: false });
  },
);

test.each(acceptedRouting.map((who, index) => [JSON.stringify(who), index, who] as const))(
  "amtool accepts %s, and so does the chart",
  (_, index, who) => {
    expect(verdicts(`accepted-${index}`, who)).toEqual({ amtool: true, ours: true });
  },
);
