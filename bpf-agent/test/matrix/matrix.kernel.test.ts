/** The flow program on the kernels that Debian ships, each booted by QEMU: the README claims no other. */
import { beforeAll, expect, test } from "vitest";
import { builtAddon } from "../harness.ts";
import { buildPeers } from "../peers.ts";
import { testPrograms } from "../programs.ts";
import { kernelOf, type Series, series, withPackages } from "./kernels.ts";
import { runInKernel } from "./machine.ts";
import type { Costs, KernelReport } from "./report.ts";

beforeAll(() => {
  builtAddon();
  testPrograms();
  buildPeers();
});

test.concurrent.for(Object.keys(series) as Series[])("Linux %s loads, parses and counts", async (name, context) => {
  const report = await withPackages(context, () => runInKernel<KernelReport>(kernelOf(name), "test/matrix/guest.ts"));
  const { release, verified = {} } = report;
  const instructions = Object.entries(verified).map(([program, count]) => `${program} ${count}`);
  console.log(`${release}: instructions verified: ${instructions.join(", ")}`);
  expect(report.error).toBeUndefined();
  expect(report).toMatchObject({ missing: {}, disagreements: [], miscounted: [] });
  const times = ({ ours, counter }: Costs) => (ours / counter).toFixed(1);
  const costs = `a known flow's packet ${times(report.known)} times, a flow's first ${times(report.first)} times`;
  console.log(`${release}, emulated, against the least flow counter: ${costs}`);
  expect(report.behind).toEqual({ problem: expect.stringContaining("another kind"), packets: [5, 5] });
  console.log(`${release}: round trips, by sockets ${report.socketRttMs} ms, at the hook ${report.hookRttMs} ms`);
  // Lower bounds: an emulated machine adds to them.
  for (const measured of [...report.socketRttMs, report.hookRttMs[0]]) expect(measured).toBeGreaterThan(75);
  expect(report.hookRttMs[1]).toBeLessThan(report.hookRttMs[0]);
  expect(report.scenarios).toBeGreaterThan(1);
  expect(report.ended).toEqual(report.passed);
  expect(report.ended.bytes).toBeGreaterThan(200_000);
  expect(Math.max(...Object.values(verified))).toBeLessThan(100_000);
});
