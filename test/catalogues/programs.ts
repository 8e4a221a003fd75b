import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningProgram, ready, start } from "../data-plane/process.ts";
import { until } from "../support/wait.ts";

/** A way to make a program expose its metrics. */
interface Recipe {
  /** Starts it and does what makes its series appear. @returns the URL of its metrics */
  readonly run: (folder: string, started: RunningProgram[]) => Promise<string>;
  /** Series that must have appeared before the recording is taken: those that need something to happen first. */
  readonly waitFor: readonly string[];
  /** Pattern of the names of all its metrics. */
  readonly names: string;
}

const host = "127.0.51.1";

const write = (folder: string, file: string, content: object): string => {
  const path = join(folder, file);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

/** How each program is run for its recording. */
export const recipes: Readonly<Record<string, Recipe>> = {
  // It scrapes itself, evaluates rules, notifies an Alertmanager that answers 404, and writes to itself.
  prometheus: {
    async run(folder, started) {
      const listen = `${host}:9090`;
      const rules = [
        { record: "always:one", expr: "vector(1)" },
        { alert: "Always", expr: "vector(1)" },
      ];
      write(folder, "rules.json", { groups: [{ name: "always", interval: "1s", rules }] });
      const config = write(folder, "prometheus.json", {
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: ["rules.json"],
        scrape_configs: [
          { job_name: "prometheus", static_configs: [{ targets: [listen] }] },
          // A target that cannot be created, and a discovery that fails.
          {
            job_name: "unsynced",
            static_configs: [{ targets: [listen] }],
            relabel_configs: [{ target_label: "__scrape_interval__", replacement: "never" }],
          },
          {
            job_name: "undiscovered",
            http_sd_configs: [{ url: `http://${host}:1/`, refresh_interval: "1s" }],
          },
        ],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [listen] }] }] },
        remote_write: [{ name: "long-term", url: `http://${listen}/api/v1/write` }],
      });
      const program = start("prometheus", [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, "tsdb")}`,
        `--web.listen-address=${listen}`,
        "--web.enable-remote-write-receiver",
      ]);
      started.push(program);
      await ready(program, `http://${listen}/-/ready`);
      return `http://${listen}/metrics`;
    },
    waitFor: [
      "prometheus_remote_storage_samples_total",
      "prometheus_tsdb_head_samples_appended_total",
      "prometheus_target_sync_failed_total",
      "prometheus_sd_refresh_failures_total",
    ],
    names: "^prometheus_(?!operator_)",
  },
  // Two members, one alert, a receiver that cannot be reached.
  alertmanager: {
    async run(folder, started) {
      const config = write(folder, "alertmanager.json", {
        route: { receiver: "team", group_wait: "0s" },
        receivers: [{ name: "team", webhook_configs: [{ url: `http://${host}:1/` }] }],
      });
      for (const [index, port] of [9093, 9193].entries()) {
        const program = start("alertmanager", [
          `--config.file=${config}`,
          `--storage.path=${join(folder, `alertmanager-${index}`)}`,
          `--web.listen-address=${host}:${port}`,
          `--cluster.listen-address=${host}:${port + 1}`,
          ...(index > 0 ? [`--cluster.peer=${host}:9094`] : []),
        ]);
        started.push(program);
        await ready(program, `http://${host}:${port}/-/ready`);
      }
      await fetch(`http://${host}:9093/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify([{ labels: { alertname: "Always" } }]),
      });
      return `http://${host}:9093/metrics`;
    },
    waitFor: ["alertmanager_notifications_failed_total", "alertmanager_cluster_members"],
    names: "^alertmanager_",
  },
  node_exporter: {
    async run(_, started) {
      const program = start("node_exporter", [`--web.listen-address=${host}:9100`]);
      started.push(program);
      await ready(program, `http://${host}:9100/metrics`);
      return `http://${host}:9100/metrics`;
    },
    waitFor: ["node_cpu_seconds_total"],
    names: "^node_(cpu|disk|filesystem|load|memory|network|time)",
  },
  etcd: {
    async run(folder, started) {
      const client = `http://${host}:2379`;
      const peer = `http://${host}:2380`;
      const program = start("etcd", [
        `--data-dir=${join(folder, "etcd")}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
      ]);
      started.push(program);
      await ready(program, `${client}/health`);
      return `${client}/metrics`;
    },
    waitFor: ["etcd_server_has_leader"],
    names: "^etcd_",
  },
};

/** Runs a program by its recipe and returns what it exposes. */
export async function expose(name: string): Promise<string> {
  const { run, waitFor } = recipes[name]!;
  const folder = mkdtempSync(join(tmpdir(), "skopos-catalogue-"));
  const started: RunningProgram[] = [];
  try {
    const url = await run(folder, started);
    return await until(`${waitFor.join(", ")} of ${name}`, async () => {
      const text = await (await fetch(url, { headers: { accept: "text/plain; version=0.0.4" } })).text();
      return waitFor.every((series) => text.includes(`\n${series}{`) || text.includes(`\n${series} `)) && text;
    });
  } finally {
    for (const program of started.toReversed()) await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
