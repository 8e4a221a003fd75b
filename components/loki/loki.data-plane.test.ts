import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../lib/monitoring/rules.ts";
import { type RetentionName, retentionProfiles, retentions, type Workload, workloads } from "../../lib/sizing/index.ts";
import { unrecorded } from "../../test/catalogues/harvest.ts";
import { offCluster, writeConfig } from "../../test/data-plane/loki.ts";
import { type RunningProgram, ready, requireProgram, start } from "../../test/data-plane/process.ts";
import { askedSeries } from "../../test/support/charts.ts";
import { until } from "../../test/support/wait.ts";
import { LokiChart, type LokiProps } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-loki-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dev: Workload = { ...workloads.small, nodes: 1, pods: 30, logBytesPerDay: 2 ** 30 };
/** The operator's headless Service, and an externally managed Alertmanager. */
const headless = { scheme: "http", host: "alertmanager-operated.obs.svc", port: 9093, portName: "web" } as const;
const alertmanager = { scheme: "http", host: "127.0.33.2", port: 9093 } as const;
const stores: Readonly<Record<string, ObjectStore>> = {
  filesystem: { kind: "filesystem" },
  "S3 by key": {
    kind: "s3",
    endpoint: "s3.example:9000",
    region: "eu",
    insecure: true,
    credentials: { accessKeyId: { secret: "s3", key: "id" }, secretAccessKey: { secret: "s3", key: "key" } },
  },
  "S3 by identity": {
    kind: "s3",
    endpoint: "s3.example",
    region: "eu",
    identity: { "eks.amazonaws.com/role-arn": "a" },
  },
  GCS: { kind: "gcs", identity: {} },
  "Azure by key": {
    kind: "azure",
    account: "observability",
    credentials: { accountKey: { secret: "az", key: "key" } },
  },
  "Azure by identity": { kind: "azure", account: "observability", identity: {} },
};

/** One Loki of each kind: workload, retention, store. */
function chartOf(workload: Workload, retention: RetentionName, store: ObjectStore, props: Partial<LokiProps> = {}) {
  const filesystem = store.kind === "filesystem";
  const kept = retentionProfiles[retention];
  return new LokiChart(new App(), "loki", {
    namespace: "observability",
    retention: kept,
    objectStore: store,
    // A single process carries up to 20 GB per day.
    workload: filesystem ? { ...workload, logBytesPerDay: Math.min(workload.logBytesPerDay, 20e9) } : workload,
    ...props,
  });
}

/** The arguments that each workload of Loki itself starts with: the caches have no configuration file. */
function processes(chart: LokiChart): { readonly name: string; readonly args: readonly string[] }[] {
  return chart
    .toJson()
    .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
    .map(({ metadata, spec }) => ({ name: metadata.name, args: spec.template.spec.containers[0].args as string[] }))
    .filter(({ args }) => args.some((arg) => arg.startsWith("-config.file=")));
}

const configOf = (chart: LokiChart): string =>
  chart.toJson().find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "loki").data["loki.yaml"];

/** Every workload with every retention on one store, and with every store for one retention: they do not touch each other. */
const cases = Object.entries({ dev, ...workloads }).flatMap(([scale, workload]) =>
  retentions.flatMap((retention) =>
    Object.entries(stores)
      .filter(([, { kind }]) => kind !== "filesystem" || scale === "dev" || scale === "small")
      .filter(([store]) => store === "S3 by key" || retention === "standard")
      .map(([store, objectStore]) => ({ name: `${scale}, ${retention}, ${store}`, workload, retention, objectStore })),
  ),
);

describe.each(cases)("$name", ({ workload, retention, objectStore }) => {
  test("the real Loki accepts the rendered configuration of every process", () => {
    const chart = chartOf(workload, retention, objectStore, {
      alertmanager: headless,
      streamRetention: [{ selector: '{level="debug"}', priority: 1, retention: 48 * 3600 }],
    });
    const file = writeConfig(folder, configOf(chart));
    // One file for all processes: those with other arguments than a target are the ones that may differ.
    const kindOf = (args: readonly string[]) =>
      args
        .filter((arg) => !arg.startsWith("-target="))
        .join()
        .replace(/zone-[abc]$/, "zone");
    const distinct = new Map(processes(chart).map(({ args }) => [kindOf(args), args]));
    expect(distinct.size).toBe(chart.sizing.mode === "microservices" && chart.sizing.zoneAware ? 2 : 1);
    for (const args of distinct.values()) {
      const moved = args.map((arg) => (arg.startsWith("-config.file=") ? `-config.file=${file}` : arg));
      execFileSync(requireProgram("loki"), [...moved, "-verify-config"], {
        env: { OBJECT_STORE_ACCESS_KEY: "a", OBJECT_STORE_SECRET_KEY: "b", OBJECT_STORE_ACCOUNT_KEY: "Yw==" },
        stdio: "pipe",
      });
    }
  });
});

test("the real Loki rejects an unknown key", () => {
  const file = writeConfig(folder, `${configOf(chartOf(dev, "standard", { kind: "filesystem" }))}nonsense: 1\n`);
  const { status } = spawnSync(requireProgram("loki"), [`-config.file=${file}`, "-verify-config"], { env: {} });
  expect(status).not.toBe(0);
});

const logAlerts: RuleGroup[] = [
  {
    name: "shop",
    rules: [
      {
        alert: "ShopOrdersFail",
        expr: 'sum(count_over_time({app="shop"} |= "refused" [5m])) > 100',
        severity: "warning",
        summary: "Orders fail.",
        description: "{{ $value }} orders were refused.",
      },
      {
        alert: "ShopOpen",
        expr: 'sum(count_over_time({app="shop"}[5m])) > 0',
        severity: "info",
        summary: "There are orders.",
        description: "There are orders.",
      },
    ],
  },
];

/** Above its own threshold, this alert would not fire; the disabled one would. */
const alertOverrides = {
  ShopOrdersFail: { threshold: 0, severity: "critical", labels: { team: "shop" } },
  ShopOpen: { enabled: false },
} as const;

describe("a started Loki", () => {
  const chart = chartOf(dev, "ephemeral", { kind: "filesystem" }, { alertmanager, logAlerts, alertOverrides });
  const { push, otlp, query } = chart.endpoints;
  const place = { host: "127.0.33.1", httpPort: 3100, folder };
  const at = (path: string) => `http://${place.host}:${place.httpPort}${path}`;
  const tenant = query.headers ?? {};
  let loki: RunningProgram;
  let receiver: RunningProgram;

  beforeAll(async () => {
    const rules = join(folder, "etc/rules/anonymous");
    mkdirSync(rules, { recursive: true });
    const map = chart.toJson().find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "loki-rules");
    writeFileSync(join(rules, "rules.yaml"), map.data["rules.yaml"]);
    const file = writeConfig(folder, offCluster(configOf(chart), place));
    const routes = join(folder, "alertmanager.yaml");
    writeFileSync(routes, "route: { receiver: none }\nreceivers: [{ name: none }]\n");
    const listen = `${alertmanager.host}:${alertmanager.port}`;
    receiver = start("alertmanager", [
      `--config.file=${routes}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=${listen}`,
      "--cluster.listen-address=",
    ]);
    await ready(receiver, `http://${listen}/-/ready`);
    loki = start("loki", [`-config.file=${file}`, "-target=all", "-config.expand-env=true"]);
    await ready(loki, at("/ready"));
  });
  afterAll(() => Promise.all([loki?.stop(), receiver?.stop()]));

  const post = (url: string, body: object, headers: Readonly<Record<string, string>>) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  /** Lines that a query finds, with their labels; asked again until there are some. */
  async function lines(logql: string): Promise<{ stream: Record<string, string>; line: string }[]> {
    return until(`lines for ${logql}`, async () => {
      const answer = await fetch(at(`/loki/api/v1/query_range?query=${encodeURIComponent(logql)}`), {
        headers: tenant,
      });
      const { data } = (await answer.json()) as {
        data: { result: { stream: Record<string, string>; values: string[][] }[] };
      };
      const found = data.result.flatMap(({ stream, values }) =>
        values.map(([, line]) => ({ stream, line: line ?? "" })),
      );
      return found.length > 0 && found;
    });
  }

  test("accepts a line through the push API and returns it by LogQL", async () => {
    const streams = [{ stream: { app: "shop" }, values: [[`${Date.now()}000000`, "order 1 refused"]] }];
    const answer = await post(at(push.path ?? ""), { streams }, push.headers ?? {});
    expect(answer.status).toBe(204);
    expect(await lines('{app="shop"} |= "order 1"')).toMatchObject([{ line: "order 1 refused" }]);
  });

  test("accepts OTLP, and only converts the chosen attributes to labels", async () => {
    const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
    const resource = {
      attributes: [
        attribute("service.name", "shop"),
        attribute("k8s.namespace.name", "shop"),
        attribute("k8s.pod.name", "shop-6f7d-x2x"),
        attribute("service.instance.id", "shop-6f7d-x2x"),
      ],
    };
    const logRecords = [{ timeUnixNano: `${Date.now()}000000`, body: { stringValue: "order 2 placed" } }];
    const resourceLogs = [{ resource, scopeLogs: [{ logRecords }] }];
    const answer = await post(at(`${otlp.path}/v1/logs`), { resourceLogs }, otlp.headers ?? {});
    expect(answer.status).toBe(204);
    const [found] = await lines('{service_name="shop", k8s_namespace_name="shop"} |= "order 2"');
    expect(found?.line).toBe("order 2 placed");
    const answered = await fetch(at("/loki/api/v1/labels"), { headers: tenant });
    const { data: labels } = (await answered.json()) as { data: string[] };
    expect(labels).toContain("k8s_namespace_name");
    expect(labels).not.toContain("k8s_pod_name");
    expect(labels).not.toContain("service_instance_id");
    // Not a label, and yet a filter finds it.
    expect(await lines('{service_name="shop"} | k8s_pod_name="shop-6f7d-x2x"')).toHaveLength(1);
  });

  test("rejects requests without a tenant", async () => {
    expect((await post(at(push.path ?? ""), { streams: [] }, {})).status).toBe(401);
  });

  test("evaluates log alerts and sends them to the Alertmanager", async () => {
    const firing = async () => {
      const answer = await fetch(`http://${alertmanager.host}:${alertmanager.port}/api/v2/alerts`);
      return (await answer.json()) as { labels: object; annotations: object }[];
    };
    await until("a firing alert", async () => (await firing()).length > 0);
    expect(await firing()).toMatchObject([
      {
        labels: { alertname: "ShopOrdersFail", severity: "critical", team: "shop" },
        annotations: {
          description: "1 orders were refused. The threshold of this stack is 0.",
          runbook_url: "docs/runbooks/ShopOrdersFail.md",
        },
      },
    ]);
  });

  test("exposes every series that its alerts and dashboard query", async () => {
    // Two counters have a label for the reason: they begin with the first line refused, and the first chunk written.
    const monthsAgo = `${Date.now() - 90 * 86_400_000}000000`;
    const streams = [{ stream: { app: "late" }, values: [[monthsAgo, "too old"]] }];
    expect((await post(at(push.path ?? ""), { streams }, push.headers ?? {})).status).toBe(400);
    await fetch(at("/flush"), { method: "POST" });
    const plain = (name: string) => name.replace(/_(count|bucket)$/, "");
    const missing = async () => {
      const text = await (await fetch(at("/metrics"))).text();
      return askedSeries(chart).filter((name) => !text.includes(`# TYPE ${plain(name)} `));
    };
    await until("every series that is asked for", async () => (await missing()).length === 0, {
      explain: async () => `missing: ${(await missing()).join(", ")}`,
    });
    expect(unrecorded("loki", await (await fetch(at("/metrics"))).text())).toEqual([]);
  });
});
