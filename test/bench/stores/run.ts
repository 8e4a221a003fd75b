// `node test/bench/stores/run.ts [NAME...]`: real stores at the rate of `small` and at a share of `medium`, under the memory limit that
// the plan gives their pods, while somebody opens dashboards. Needs root, for the cgroups. Fails if a store ends, rejects a write
// or leaves a panel without its answer.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBytes, type Workload, workloads } from "../../../lib/sizing/index.ts";
import { jaegerCase } from "./jaeger.ts";
import { lokiCase } from "./loki.ts";
import { measure, type Result, type StoreCase } from "./measure.ts";
import { mimirCase } from "./mimir.ts";

/** A share of a workload, as one of several pods has it. */
const share = (workload: Workload, parts: number): Workload => ({
  ...workload,
  nodes: Math.ceil(workload.nodes / parts),
  pods: Math.ceil(workload.pods / parts),
  activeSeries: workload.activeSeries / parts,
  logBytesPerDay: workload.logBytesPerDay / parts,
  spansPerSecond: workload.spansPerSecond / parts,
  queriesPerSecond: workload.queriesPerSecond / parts,
});

const { small, medium } = workloads;
const cases: Readonly<Record<string, (folder: string) => Promise<StoreCase>>> = {
  "mimir-small": (folder) => mimirCase("small", small, folder),
  "mimir-medium": (folder) => mimirCase("a third of medium", share(medium, 3), folder),
  // An ingester compacts its head when it is three hours long.
  "mimir-head": (folder) => mimirCase("a tenth of small, a head of 3 h", share(small, 10), folder, 3.1 * 3600),
  "loki-small": (folder) => lokiCase("small", small, folder),
  // Beyond 20 GB per day, Loki is no longer one process.
  "loki-medium": (folder) => lokiCase("a ninth of medium", share(medium, 9), folder),
  "jaeger-small": (folder) => jaegerCase("small", small, folder),
  "jaeger-medium": (folder) => jaegerCase("a third of medium", share(medium, 3), folder),
};

const row = ({ name, load, planned, cores, peakBytes, dashboardMs, dashboards }: Result): string =>
  `| ${[
    name,
    load,
    `${planned.cpuCores.toFixed(2)} / ${cores.toFixed(2)}`,
    `${formatBytes(planned.memoryBytes)} / ${formatBytes(peakBytes)}`,
    `${dashboards}, at most ${(dashboardMs / 1000).toFixed(1)} s`,
  ].join(" | ")} |`;

process.once("SIGTERM", () => process.exit(143));
const named = process.argv.slice(2);
console.log("| store | load | cores planned / used | memory requested / peak | dashboards |\n|---|---|---|---|---|");
for (const [name, make] of Object.entries(cases)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), `skopos-bench-${name}-`));
  const store = await make(folder);
  try {
    console.log(row(await measure(store)));
  } catch (error) {
    console.error(store.program.output().slice(-2000));
    throw error;
  } finally {
    await store.program.stop();
    rmSync(folder, { recursive: true });
  }
}
