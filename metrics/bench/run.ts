// `npm run bench -w metrics [-- [--json] [--from FILE] [CASE...]]`: every case and subject in fresh processes, in turns, so that a busy
// moment of the machine meets all of them. Prints the README's table, or with --json one object per line. With --from it measures
// nothing, and reads the lines of earlier runs: the last of each case counts.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs, promisify } from "node:util";
import { type BenchCase, CASES, type SubjectName } from "./cases.ts";
import { median } from "./stats.ts";

const run = promisify(execFile);
/** A young generation that holds what a round allocates, so that a round is not a garbage collection. */
const NODE_FLAGS = ["--expose-gc", "--max-semi-space-size=64"];

interface Line {
  readonly suite: "metrics";
  readonly case: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** The peer's figure divided by ours: above 1, ours is better. Null when ours is zero or there is no peer. */
  readonly ratio: number | null;
}

async function measure(name: string, subject: SubjectName): Promise<number> {
  const file = new URL("./measure.ts", import.meta.url).pathname;
  const { stdout, stderr } = await run(process.execPath, [...NODE_FLAGS, file, name, subject], { timeout: 120_000 });
  if (stderr) process.stderr.write(stderr);
  return JSON.parse(stdout) as number;
}

const round = (value: number): number => Number(value.toPrecision(4));

async function measureCase({ name, unit, peers, runs }: BenchCase): Promise<Line[]> {
  const figures = new Map<SubjectName, number[]>();
  for (let i = 0; i < runs; i++) {
    for (const subject of ["ours", ...peers] as const) {
      figures.set(subject, [...(figures.get(subject) ?? []), await measure(name, subject)]);
    }
  }
  const ours = median(figures.get("ours")!);
  const line = (peerName: SubjectName | null): Line => {
    const peer = peerName === null ? null : median(figures.get(peerName)!);
    const ratio = peer === null || ours === 0 ? null : round(peer / ours);
    return {
      suite: "metrics",
      case: name,
      unit,
      ours: round(ours),
      peer: peer === null ? null : round(peer),
      peerName,
      ratio,
    };
  };
  return peers.length === 0 ? [line(null)] : peers.map(line);
}

/** The lines that earlier runs printed for a case. */
function saved(file: string, { name }: BenchCase): Line[] {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"));
  const ofCase = lines.map((line) => JSON.parse(line) as Line).filter((line) => line.case === name);
  return [...new Map(ofCase.map((line) => [line.peerName, line])).values()];
}

const tableRow = ({ case: name, unit, ours, peer, peerName, ratio }: Line, goal: string): string =>
  `| ${[name, unit, ours, peer ?? "-", peerName ?? "-", ratio ?? "-", goal].join(" | ")} |`;

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" }, from: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.filter((given) => !CASES.some(({ name }) => name === given));
if (unknown.length > 0) {
  console.error(`There is no case ${unknown.join(", ")}. There are ${CASES.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
const chosen = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (!values.json) {
  console.log("| case | unit | ours | peer | | ratio | goal (against prom-client) |\n|---|---|---:|---:|---|---:|---|");
}
for (const benchCase of chosen) {
  const lines = values.from === undefined ? await measureCase(benchCase) : saved(values.from, benchCase);
  for (const line of lines) console.log(values.json ? JSON.stringify(line) : tableRow(line, benchCase.goal));
}
