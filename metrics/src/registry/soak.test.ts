import { expect, it } from "vitest";
import { churnGauge, churnOwnRegistries, churnRegistries, churnSeries } from "../../test/soak/churn.ts";
import { core } from "../compat/core.ts";

// The same as `npm run soak -w metrics` does for long, as much as shows a leak: memory is counted, not time.

it("passes any number of label sets through one chunk of each kind", async () => {
  const { firstBytes, lastBytes, wrong } = await churnSeries(60_000, 200);
  expect([lastBytes - firstBytes, wrong]).toEqual([0, 0]);
});

it("sets a gauge again for every scrape without growing", async () => {
  await churnGauge(20, 500);
  const bytes = core.memoryBytes;
  expect((await churnGauge(150, 500)).wrong).toBe(0);
  expect(core.memoryBytes).toBe(bytes);
});

it("lets go of registries that nobody can reach, without being told", async () => {
  expect((await churnRegistries(400)).wrong).toBe(0);
  const bytes = core.memoryBytes;
  // Three times as many again: what stays is what V8 has not collected yet.
  expect((await churnRegistries(1200)).wrong).toBe(0);
  expect(core.memoryBytes).toBeLessThan(2 * bytes);
  expect((await churnOwnRegistries(200)).wrong).toBe(0);
});
