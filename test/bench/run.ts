// `npm run bench [-- --json]`: how long the stacks take. Medians; no peer renders a whole stack from one program. With dyff on
// PATH, diffs are measured next to it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import { App } from "cdk8s";
import { composeObservability } from "../../components/observability.ts";
import { checkObjects } from "../../policies/engine/check.ts";
import { manyManifests } from "../../policies/fixtures/many.ts";
import { worldFacts } from "../../policies/fixtures/world.ts";
import { readManifest } from "../../policies/load/yaml.ts";
import { rules } from "../../policies/rules/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { stackNames } from "../stacks/variants.ts";
import { diffCases } from "./diff.ts";

/** One measured case. */
interface Measurement {
  readonly suite: string;
  readonly case: string;
  readonly unit: "ms" | "MiB";
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly ratio: number | null;
}

const folder = mkdtempSync(join(tmpdir(), "skopos-bench-"));
const json = process.argv.includes("--json");
const rounds = 7;

function report(name: string, unit: Measurement["unit"], ours: number, dyff?: number): void {
  const measured: Measurement = {
    suite: "stacks",
    case: name,
    unit,
    ours: Math.round(ours * 10) / 10,
    peer: dyff === undefined ? null : Math.round(dyff * 10) / 10,
    peerName: dyff === undefined ? null : "dyff",
    ratio: dyff === undefined ? null : Math.round((dyff / ours) * 100) / 100,
  };
  console.log(
    json
      ? JSON.stringify(measured)
      : `${name.padEnd(36)} ${String(measured.ours).padStart(8)} ${unit}${dyff === undefined ? "" : `, dyff ${measured.peer}`}`,
  );
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

function timed(work: () => void): number {
  return median(
    Array.from({ length: rounds }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}

/** A command in a process of its own, as a user's shell starts it. */
function run(args: readonly string[]): void {
  const done = spawnSync(process.execPath, ["bin/skopos.mjs", ...args], { stdio: "ignore" });
  if (done.status !== 0) throw new Error(`skopos ${args.join(" ")} ended with ${done.status}`);
}

/** Peak resident size of a command: it tells its own when it exits. */
function peakMemory(args: readonly string[], cwd = process.cwd()): number {
  const told = `process.on("exit", () => console.error("peak", process.resourceUsage().maxRSS));`;
  const preload = `data:text/javascript,${encodeURIComponent(told)}`;
  const { stderr } = spawnSync(process.execPath, ["--import", preload, resolvePath("bin/skopos.mjs"), ...args], {
    cwd,
    encoding: "utf8",
  });
  return Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024;
}

try {
  for (const stack of stackNames) {
    const out = join(folder, stack);
    const render = ["render", "--stack", stack, "--out", out];
    report(
      `render ${stack}, cold process`,
      "ms",
      timed(() => run(render)),
    );
    report(`render ${stack}, peak memory`, "MiB", peakMemory(render));
    const { raw } = readStackFile("stacks", stack);
    report(
      `resolve ${stack}`,
      "ms",
      timed(() => resolve(raw, { stack })),
    );
    const { props } = resolve(raw, { stack });
    report(
      `compose ${stack}`,
      "ms",
      timed(() => composeObservability(new App(), props)),
    );
    const charts = composeObservability(new App(), props);
    for (const chart of charts)
      report(
        `  ${stack}: ${chart.node.id} to objects`,
        "ms",
        timed(() => chart.toJson()),
      );
  }
  const manifests = manyManifests(2_000);
  const { objects } = readManifest(manifests, "many.yaml");
  report(
    `policies: read ${objects.length} objects`,
    "ms",
    timed(() => readManifest(manifests, "many.yaml")),
  );
  report(
    `policies: check ${objects.length} objects`,
    "ms",
    timed(() => checkObjects(objects, { rules, facts: worldFacts })),
  );
  for (const { name, ours, dyff, args, cwd } of diffCases(folder)) {
    report(name, "ms", timed(ours), dyff && timed(dyff));
    report(`${name}, peak memory`, "MiB", peakMemory(args, cwd));
  }
  report(
    "npm start, warm",
    "ms",
    timed(() => run(["preview"])),
  );
} finally {
  rmSync(folder, { recursive: true });
}
