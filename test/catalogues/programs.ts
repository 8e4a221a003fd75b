import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { MimirChart } from "../../components/mimir/index.ts";
import { findProgram, programFolder, programVersion } from "../binaries/catalogue.ts";
import { variant } from "../cluster/stacks/variants.ts";
import { mimirContainers, startMimir } from "../data-plane/mimir.ts";
import { type RunningProgram, ready, start } from "../data-plane/process.ts";
import { remoteWrite } from "../data-plane/remote-write.ts";
import { devWorkload } from "../support/mimir.ts";
import { until } from "../support/wait.ts";

/** A way to make a program expose its metrics. */
interface Recipe {
  /** Starts it and does what makes its series appear. @returns the URLs of its metrics */
  readonly run: (folder: string, started: RunningProgram[]) => Promise<readonly string[]>;
  /** Series that must have appeared before the recording is taken: those that need something to happen first. */
  readonly waitFor: readonly string[];
}

const host = "127.0.51.1";

const write = (folder: string, file: string, content: object): string => {
  const path = join(folder, file);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

/** Arguments of the DaemonSet's container. */
function nodeExporterArguments(): readonly string[] {
  const found = variant("dev").objects.find(
    ({ kind, metadata }) => kind === "DaemonSet" && metadata.name.endsWith("-node-exporter"),
  ) as unknown as { spec: { template: { spec: { containers: [{ args: string[] }] } } } };
  return found.spec.template.spec.containers[0].args;
}

/** The machine of node_exporter's own tests, unpacked from its module. @returns its root folder */
async function nodeFixtures(folder: string): Promise<string> {
  const program = findProgram("node_exporter")!;
  const listed = execFileSync("go", ["mod", "download", "-json", `${program.module}@${programVersion(program)}`], {
    cwd: programFolder(program),
    encoding: "utf8",
  });
  const { Dir } = JSON.parse(listed) as { Dir: string };
  const fixtures = join(Dir, "collector/fixtures");
  for (const archive of ["sys.ttar", "udev.ttar"])
    execFileSync("bash", [join(Dir, "ttar"), "-C", folder, "-x", "-f", join(fixtures, archive)]);
  symlinkSync(join(fixtures, "proc"), join(folder, "proc"));
  return folder;
}

/** How each program is run for its recording. */
export const recipes: Readonly<Record<string, Recipe>> = {
  // It scrapes itself, evaluates rules, notifies an Alertmanager that answers 404, and writes to itself.
  prometheus: {
    async run(folder, started) {
      const listen = `${host}:9090`;
      const rules = [
        { record: "always:one", expr: "vector(1)" },
        { alert: "Always", expr: "vector(1)", labels: { severity: "warning" } },
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
      return [`http://${listen}/metrics`, `http://${listen}/federate?match[]={__name__=~"up|scrape_.*|ALERTS.*"}`];
    },
    waitFor: [
      "prometheus_remote_storage_samples_total",
      "prometheus_tsdb_head_samples_appended_total",
      "prometheus_target_sync_failed_total",
      "prometheus_sd_refresh_failures_total",
      "up",
      "scrape_duration_seconds",
      "ALERTS",
    ],
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
      return [`http://${host}:9093/metrics`];
    },
    waitFor: ["alertmanager_notifications_failed_total", "alertmanager_cluster_members"],
  },
  // With the arguments of its DaemonSet: on this machine, and on the hardware of its own tests (RAID, bonded interfaces).
  node_exporter: {
    async run(folder, started) {
      const fixtures = await nodeFixtures(folder);
      const machines = { "127.0.51.2": "", "127.0.51.3": fixtures };
      for (const [address, root] of Object.entries(machines)) {
        const args = nodeExporterArguments().flatMap((arg) => {
          if (arg.startsWith("--web.listen-address=")) return [`--web.listen-address=${address}:9100`];
          if (!arg.startsWith("--path.")) return [arg];
          return root === "" || arg.startsWith("--path.rootfs=") ? [] : [arg.replace("/host/root", root)];
        });
        const program = start("node_exporter", args);
        started.push(program);
        await ready(program, `http://${address}:9100/metrics`);
      }
      return Object.keys(machines).map((address) => `http://${address}:9100/metrics`);
    },
    waitFor: ["node_cpu_seconds_total", "node_md_disks", "node_bonding_slaves", "node_nf_conntrack_entries"],
  },
  // One process with a block in its bucket, and caches that do not answer; its test provokes the rest.
  mimir: {
    async run(folder, started) {
      const address = "127.0.51.4";
      const chart = new MimirChart(new App(), "mimir", { namespace: "observability", workload: devWorkload });
      const caches = ["chunks", "index", "metadata"].map((kind) => `blocks-storage.bucket-store.${kind}-cache`);
      const flags = [
        ...[...caches, "query-frontend.results-cache"].flatMap((cache) => [
          `-${cache}.backend=memcached`,
          `-${cache}.memcached.addresses=${address}:1`,
        ]),
        "-query-frontend.cache-results=true",
        "-compactor.cleanup-interval=2s",
      ];
      const program = startMimir(chart, mimirContainers(chart)[0]!, { host: address, folder }, { flags });
      started.push(program);
      const at = `http://${address}:8080`;
      await ready(program, `${at}/ready`);
      const headers = { "X-Scope-OrgID": chart.tenant };
      await remoteWrite(`${at}/api/v1/push`, [{ labels: { __name__: "orders" }, samples: [[Date.now(), 1]] }], headers);
      await fetch(`${at}/ingester/flush?wait=true`, { method: "POST" });
      const day = Math.floor(Date.now() / 1000) - 86_400;
      const range = `query=orders&start=${day}&end=${day + 3_600}&step=60`;
      await fetch(`${at}/prometheus/api/v1/query_range?${range}`, { headers });
      return [`${at}/metrics`];
    },
    waitFor: [
      "cortex_bucket_blocks_count",
      "cortex_bucket_index_last_successful_update_timestamp_seconds",
      "thanos_cache_operation_failures_total",
      "thanos_cache_requests_total",
    ],
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
      return [`${client}/metrics`];
    },
    waitFor: ["etcd_server_has_leader"],
  },
};

/** Runs a program by its recipe and returns what each of its processes exposes. */
export async function expose(name: string): Promise<readonly string[]> {
  const { run, waitFor } = recipes[name]!;
  const folder = mkdtempSync(join(tmpdir(), "skopos-catalogue-"));
  const started: RunningProgram[] = [];
  try {
    const urls = await run(folder, started);
    return await until(`${waitFor.join(", ")} of ${name}`, async () => {
      const texts = await Promise.all(urls.map(textOf));
      return waitFor.every((series) => hasSeries(texts, series)) && texts;
    });
  } finally {
    for (const program of started.toReversed()) await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const textOf = async (url: string) => (await fetch(url, { headers: { accept: "text/plain; version=0.0.4" } })).text();

/** Whether one of the texts has a sample of a series. */
export const hasSeries = (texts: readonly string[], series: string): boolean =>
  texts.some((text) => text.includes(`\n${series}{`) || text.includes(`\n${series} `));
