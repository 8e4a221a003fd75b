import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdk8s";
import { MimirChart } from "../../../components/mimir/index.ts";
import { formatCount, retentionProfiles, type Workload } from "../../../lib/sizing/index.ts";
import { configFile, offCluster, writeConfigMap } from "../../data-plane/mimir.ts";
import { remoteWrite } from "../../data-plane/remote-write.ts";
import { startLimited } from "./limited.ts";
import { answer, paced, type StoreCase } from "./measure.ts";
import { labelsOf, metricsPerPod, scrapeOf, type Template, templates } from "./series.ts";

const host = "127.0.61.1";
const at = (path: string) => `http://${host}:8080${path}`;
const headers = { "X-Scope-OrgID": "anonymous" };
const day = 86_400_000;

/** What dashboards look at: so many metrics of so many pods, for a month at the scrape interval. */
const past = { metrics: 5, pods: 30, days: 30 } as const;
const pastSeries = Array.from({ length: past.metrics * past.pods }, (_, index) =>
  labelsOf(Math.floor(index / past.metrics) * metricsPerPod + (index % past.metrics)),
);

const protobuf = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

async function writePast(stepMs: number): Promise<void> {
  const today = Math.floor(Date.now() / day) * day;
  const chunk = 240;
  for (let from = today - past.days * day; from < today - day; from += day) {
    for (let start = from; start < from + day; start += chunk * stepMs) {
      const times = Array.from({ length: chunk }, (_, index) => start + index * stepMs);
      const series = pastSeries.map((labels) => ({
        labels,
        samples: times.map((time) => [time, time / 1000] as const),
      }));
      const { status, text } = await remoteWrite(at("/api/v1/push"), series, headers);
      if (status !== 200) throw new Error(`${status}: ${text}`);
    }
    await fetch(at("/ingester/flush?wait=true"), { method: "POST", headers });
  }
}

const push = (template: Template, time: number) =>
  answer(at("/api/v1/push"), {
    method: "POST",
    headers: { ...headers, ...protobuf },
    body: scrapeOf(template, time) as Uint8Array<ArrayBuffer>,
  });

/**
 * A single Mimir with a month of blocks, under the plan's limit of its pod.
 * @param headSeconds what ingesters hold already when the load begins; beyond three hours they compact it
 */
export async function mimirCase(name: string, workload: Workload, folder: string, headSeconds = 0): Promise<StoreCase> {
  const chart = new MimirChart(new App(), "mimir", {
    namespace: "observability",
    workload,
    availability: "single",
    mode: "monolithic",
    retention: retentionProfiles.standard,
  });
  if (chart.sizing.mode !== "monolithic") throw new Error("one process is measured");
  const { cpuCores, memoryBytes, memoryLimitBytes = memoryBytes } = chart.sizing.mimir;
  writeConfigMap(chart, "mimir-runtime", join(folder, "etc/runtime"));
  mkdirSync(join(folder, "etc/rules"), { recursive: true });
  const file = join(folder, "mimir.yaml");
  writeFileSync(file, offCluster(configFile(chart, "mimir", "mimir.yaml"), { host, folder }));
  const often = ["blocks-storage.bucket-store.sync-interval", "compactor.cleanup-interval"].map(
    (flag) => `-${flag}=10s`,
  );
  const start = (limit: number, flags: readonly string[]) =>
    startLimited(
      ["mimir", "-target=all", `-config.file=${file}`, "-ingester.ring.min-ready-duration=0s", ...often, ...flags],
      { GOMEMLIMIT: `${Math.floor(limit * 0.8)}` },
      limit,
      at("/ready"),
    );
  const stepMs = workload.scrapeIntervalSeconds * 1000;
  // The past is written by a process with more memory, as blocks of a day: that is not what is measured.
  const fast = [
    "-distributor.ingestion-rate-limit=10000000",
    "-distributor.ingestion-burst-size=100000000",
    "-blocks-storage.tsdb.block-ranges-period=24h",
  ];
  const filling = await start(3 * memoryLimitBytes, fast);
  await writePast(stepMs);
  const requests = templates(workload.activeSeries);
  for (let time = Date.now() - headSeconds * 1000; time < Date.now() - stepMs; time += stepMs) {
    if (headSeconds > 0) for (const template of requests) await push(template, time);
  }
  await filling.stop();

  const program = await start(memoryLimitBytes, []);
  return {
    name: `Mimir, ${name}`,
    load: `${formatCount(workload.activeSeries)} series every ${workload.scrapeIntervalSeconds} s`,
    planned: { cpuCores, memoryBytes, memoryLimitBytes },
    program,
    write: (signal) => {
      let next = 0;
      return paced(signal, stepMs / requests.length, async () => {
        const template = requests[next++ % requests.length];
        if (template) await push(template, Date.now());
      });
    },
    // Twenty panels over a month, asked for at once, as a browser does.
    open: async () => {
      const end = Math.floor(Date.now() / 1000);
      const panels = Array.from({ length: 20 }, async (_, panel) => {
        const query = `sum by (namespace) (rate(app_requests_${panel % past.metrics}_total[1h]))`;
        const range = `start=${end - past.days * 86_400}&end=${end}&step=3600`;
        const url = at(`/prometheus/api/v1/query_range?query=${encodeURIComponent(query)}&${range}`);
        const { data } = JSON.parse(await answer(url, { headers })) as { data: { result: { values: unknown[] }[] } };
        const most = Math.max(0, ...data.result.map(({ values }) => values.length));
        if (most < 600) throw new Error(`panel ${panel} has ${most} points, not a month of them`);
      });
      await Promise.all(panels);
    },
  };
}
