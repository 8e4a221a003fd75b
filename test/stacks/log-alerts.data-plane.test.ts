// Alerts about log lines, added in a stack file: the real Loki loads them beside those of the stack and evaluates them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, expect, test } from "vitest";
import { type LogAlertGroup, LokiChart } from "../../components/loki/index.ts";
import { retentionProfiles } from "../../lib/sizing/index.ts";
import { offCluster, writeConfig } from "../data-plane/loki.ts";
import { configFile } from "../data-plane/mimir.ts";
import { ready, start } from "../data-plane/process.ts";
import { devWorkload } from "../support/mimir.ts";
import { until } from "../support/wait.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-log-alerts-"));
afterAll(() => rmSync(folder, { recursive: true }));
const host = "127.0.67.1";

const group = (name: string, text: string): LogAlertGroup => ({
  name,
  interval: "1s",
  rules: [
    {
      alert: `Shop${name}`,
      expr: `sum by (app) (count_over_time({app="shop"} |= "${text}" [5m])) > 0`,
      labels: { severity: "warning" },
      annotations: { summary: "{{ $labels.app }} panics." },
    },
  ],
});

/** Where the pod finds the rules of each tenant. */
const ruleFolders = (chart: LokiChart): readonly string[] =>
  chart
    .toJson()
    .filter(({ kind }) => kind === "StatefulSet")
    .flatMap(({ spec }) => spec.template.spec.containers[0].volumeMounts)
    .filter(({ name }) => name === "rules")
    .map(({ mountPath }) => mountPath);

test("groups are loaded for every tenant, and those whose lines arrive notify Alertmanager", async () => {
  const received: string[] = [];
  const alertmanager = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push(body);
    response.end();
  });
  await new Promise<void>((done) => alertmanager.listen(19_467, host, done));
  const chart = new LokiChart(new App(), "loki", {
    bucket: "loki",
    namespace: "observability",
    retention: retentionProfiles.standard,
    objectStore: { kind: "filesystem" },
    workload: devWorkload,
    availability: "single",
    alertmanager: { scheme: "http", host, port: 19_467 },
    federatedTenants: ["pay"],
    additionalAlerts: [group("Panics", "panic:"), group("Refunds", "refund:"), group("Silence", "never written")],
  });
  for (const path of ruleFolders(chart)) {
    const rules = path.replace("/etc/loki", join(folder, "etc"));
    mkdirSync(rules, { recursive: true });
    writeFileSync(join(rules, "rules.yaml"), configFile(chart, "loki-rules", "rules.yaml"));
  }
  const file = writeConfig(
    folder,
    offCluster(configFile(chart, "loki", "loki.yaml"), { host, httpPort: 3100, folder }),
  );
  try {
    await using loki = start("loki", [
      `-config.file=${file}`,
      "-target=all",
      "-config.expand-env=true",
      "-ingester.min-ready-duration=0s",
    ]);
    await ready(loki, `http://${host}:3100/ready`);
    for (const [tenant, text] of [
      ["anonymous", "panic: out of stock"],
      ["pay", "refund: twice"],
    ] as const) {
      const headers = { "content-type": "application/json", "X-Scope-OrgID": tenant };
      const values = [[`${Date.now()}000000`, text]];
      const body = JSON.stringify({ streams: [{ stream: { app: "shop" }, values }] });
      expect((await fetch(`http://${host}:3100/loki/api/v1/push`, { method: "POST", headers, body })).status).toBe(204);
    }
    for (const alert of ["ShopPanics", "ShopRefunds"])
      await until(`${alert} fires`, async () => received.some((text) => text.includes(alert)), { every: 500 });
    expect(received.join()).toContain("shop panics.");
    expect(received.join()).not.toContain("ShopSilence");
  } finally {
    alertmanager.closeAllConnections();
    alertmanager.close();
  }
}, 120_000);
