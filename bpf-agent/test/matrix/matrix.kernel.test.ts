/** The flow program on the kernels that Debian ships, each booted by QEMU: the README claims no other. */
import { beforeAll, expect, test } from "vitest";
import { buildBpf, whenStale } from "../../build.ts";
import { builtAddon } from "../harness.ts";
import { testPrograms } from "../programs.ts";
import { kernelOf, type Series, series } from "./kernels.ts";
import { runInKernel } from "./machine.ts";
import type { KernelReport } from "./report.ts";

beforeAll(() => {
  builtAddon();
  testPrograms();
  whenStale("dist/noop.bpf.o", ["bench"], () => buildBpf("bench/noop.bpf.c", "dist/noop.bpf.o"));
});

test.concurrent.each(Object.keys(series) as Series[])("Linux %s loads, parses and counts", async (name) => {
  const report = await runInKernel<KernelReport>(kernelOf(name), "test/matrix/guest.ts");
  const { release, verified, nothingNs, knownNs, newNs } = report;
  const instructions = Object.entries(verified).map(([program, count]) => `${program} ${count}`);
  console.log(`${release}: instructions verified: ${instructions.join(", ")}`);
  const times = (ns: number) => (ns / nothingNs).toFixed(1);
  console.log(
    `${release}, emulated: a known flow's packet ${times(knownNs)} times nothing, a new one's ${times(newNs)}`,
  );
  expect(report).toMatchObject({ missing: {}, disagreements: [], miscounted: [] });
  expect(report.error).toBeUndefined();
  expect(report.behind).toEqual({ problem: expect.stringContaining("another kind"), packets: [5, 5] });
  console.log(`${release}: round trips, by sockets ${report.socketRttMs} ms, at the hook ${report.hookRttMs} ms`);
  // Lower bounds: an emulated machine adds to them.
  for (const measured of [...report.socketRttMs, report.hookRttMs[0]]) expect(measured).toBeGreaterThan(75);
  expect(report.hookRttMs[1]).toBeLessThan(report.hookRttMs[0]);
  expect(report.scenarios).toBeGreaterThan(3);
  expect(Math.max(...Object.values(verified))).toBeLessThan(100_000);
});
