/** Runs inside each kernel of the matrix: the parts of the kernel tier that need nothing but Node. */

import { readFileSync } from "node:fs";
import { release } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { corpus } from "../corpus.ts";
import { inject, openLoaded, scan } from "../harness.ts";
import { expected, observed } from "../outcome.ts";
import * as p from "../packets.ts";
import { testPrograms } from "../programs.ts";
import { countedFlow, pings, scenarios } from "../scenarios.ts";
import { watch } from "../watch.ts";
import { resultMark } from "./machine.ts";
import type { KernelReport } from "./report.ts";

/** Those that differ most in what they ask of a kernel: programs start slowly here. */
const chosen = /^(the host itself|bond|a bridge|a VLAN|ipvlan|VXLAN)/;

function verified(): Pick<KernelReport, "missing" | "verified"> {
  using reader = openLoaded();
  const counts = Object.entries(reader.descriptors()).map(([name, fd]): [string, number] => {
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    return [name, Number(/^verified_insns:\s+(\d+)/m.exec(text)?.[1] ?? 0)];
  });
  return { missing: { ...reader.missing() }, verified: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
}

async function disagreements(): Promise<string[]> {
  const wrong: string[] = [];
  for (const fastPath of [true, false]) {
    const frames = corpus.map(({ frame }) => frame);
    if (isDeepStrictEqual(await observed(frames, { fastPath }), expected(frames, {}))) continue;
    for (const { name, frame } of corpus)
      if (!isDeepStrictEqual(await observed([frame], { fastPath }), expected([frame], {}))) wrong.push(name);
  }
  return wrong;
}

async function miscounted(): Promise<Pick<KernelReport, "miscounted" | "scenarios">> {
  const wrong: string[] = [];
  const run = scenarios.filter(({ name }) => chosen.test(name));
  for (const { name, build } of run) {
    await using network = await build();
    const { reader } = await watch(network.host, network.watched, { exclude: [] });
    await using _ = reader;
    const want = await network.traffic(pings);
    const got = (await scan(reader)).map(countedFlow);
    if (!isDeepStrictEqual(got, want)) wrong.push(`${name}: ${JSON.stringify(got)}`);
  }
  return { miscounted: wrong, scenarios: run.length };
}

function costs(): Pick<KernelReport, "nothingNs" | "knownNs" | "newNs"> {
  const frame = (i: number) =>
    p.ethernet(
      p.ipv4(
        { source: `10.0.${i >> 8}.${i & 255}`, destination: "10.9.0.2", protocol: 6 },
        p.tcp({ from: 4000, to: 443 }),
      ),
    );
  const { packed, stride } = { packed: p.concat(Uint8Array.of(54, 0), frame(1)), stride: 56 };
  const [object, programs] = testPrograms().programLoad(new URL("../../dist/noop.bpf.o", import.meta.url).pathname);
  const repeat = 20_000;
  const nothingNs = testPrograms().programRun(programs.noop!, packed, stride, repeat, {});
  void object;
  using reader = openLoaded();
  const newNs = inject(
    reader,
    Array.from({ length: 2000 }, (_, i) => frame(i)),
  );
  const knownNs = inject(reader, [frame(1)], { repeat });
  return { nothingNs, knownNs, newNs };
}

const report: Record<string, unknown> = { release: release() };
try {
  Object.assign(report, verified(), costs());
  report.disagreements = await disagreements();
  Object.assign(report, await miscounted());
} catch (error) {
  report.error = error instanceof Error ? error.stack : String(error);
}
console.log(`\n${resultMark}${JSON.stringify(report)}`);
process.exit();
