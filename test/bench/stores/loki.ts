import { mkdirSync } from "node:fs";
import { App } from "cdk8s";
import { LokiChart } from "../../../components/loki/index.ts";
import { formatBytes, retentionProfiles, type Workload } from "../../../lib/sizing/index.ts";
import { offCluster, writeConfig } from "../../data-plane/loki.ts";
import { configFile } from "../../data-plane/mimir.ts";
import { startLimited } from "./limited.ts";
import { answer, paced, type StoreCase } from "./measure.ts";

const host = "127.0.62.1";
const place = { host, httpPort: 3100 };
const at = (path: string) => `http://${host}:${place.httpPort}${path}`;
const headers = { "X-Scope-OrgID": "anonymous" };
const lineBytes = 200;
const secondsPerDay = 86_400;

/** A line as services write it, of 200 bytes; one in 53 is an error, in every service. */
function line(number: number): string {
  const failed = number % 53 === 0;
  const fields = {
    level: failed ? "error" : "info",
    ts: new Date().toISOString(),
    msg: '"request served"',
    path: `/orders/${number % 997}`,
    status: failed ? 500 : 200,
    duration: `${(number * 7919) % 900}ms`,
    trace: (number * 2_654_435_761).toString(16),
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return text.join(" ").padEnd(lineBytes, "x");
}

/** A single Loki under the plan's limit of its pod; every container is a stream. */
export async function lokiCase(name: string, workload: Workload, folder: string): Promise<StoreCase> {
  const chart = new LokiChart(new App(), "loki", {
    namespace: "observability",
    workload,
    availability: "single",
    mode: "monolithic",
    retention: retentionProfiles.standard,
  });
  if (chart.sizing.mode !== "monolithic") throw new Error("one process is measured");
  const { cpuCores, memoryBytes, memoryLimitBytes = memoryBytes } = chart.sizing.loki;
  mkdirSync(folder, { recursive: true });
  const file = writeConfig(folder, offCluster(configFile(chart, "loki", "loki.yaml"), { ...place, folder }));
  const program = await startLimited(
    ["loki", `-config.file=${file}`, "-target=all", "-ingester.min-ready-duration=0s"],
    { GOMEMLIMIT: `${Math.floor(memoryLimitBytes * 0.8)}` },
    memoryLimitBytes,
    at("/ready"),
  );
  const linesPerSecond = Math.round(workload.logBytesPerDay / secondsPerDay / lineBytes);
  let number = 0;
  const push = async (count: number) => {
    const streams = new Map<number, [string, string][]>();
    for (let sent = 0; sent < count; sent++) {
      const pod = number % workload.pods;
      const lines = streams.get(pod) ?? [];
      lines.push([`${Date.now()}${String(sent % 1_000_000).padStart(6, "0")}`, line(number++)]);
      streams.set(pod, lines);
    }
    const body = {
      streams: [...streams].map(([pod, values]) => ({
        stream: {
          cluster: "bench",
          namespace: `team-${pod % 20}`,
          app: `app-${pod % 50}`,
          pod: `app-${pod % 50}-${pod}`,
          container: "app",
        },
        values,
      })),
    };
    const init = {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    await answer(at("/loki/api/v1/push"), init);
  };
  const ask = async (query: string, more: string): Promise<{ values: unknown[] }[]> => {
    const start = Math.floor(Date.now() / 1000) - 3600;
    const url = at(`/loki/api/v1/query_range?query=${encodeURIComponent(query)}&start=${start}&${more}`);
    return (JSON.parse(await answer(url, { headers })) as { data: { result: { values: unknown[] }[] } }).data.result;
  };
  return {
    name: `Loki, ${name}`,
    load: `${formatBytes(workload.logBytesPerDay)} per day, ${linesPerSecond} lines/s`,
    planned: { cpuCores, memoryBytes, memoryLimitBytes },
    program,
    write: (signal) => paced(signal, 1000, () => push(linesPerSecond)),
    // A dashboard of ten panels, and 5,000 lines in Explore.
    open: async () => {
      const panels = Array.from({ length: 10 }, (_, panel) =>
        ask(`sum by (app) (rate({namespace="team-${panel}"} |= "status=${panel % 2 ? 500 : 200}" [5m]))`, "step=15"),
      );
      const lines = ask('{cluster="bench"}', "limit=5000").then((streams) => {
        const found = streams.reduce((sum, { values }) => sum + values.length, 0);
        if (found !== 5000) throw new Error(`${found} lines instead of 5,000`);
      });
      const answers = await Promise.all(panels);
      await lines;
      if (answers.some((series) => series.length === 0)) throw new Error("a panel of logs is empty");
    },
  };
}
