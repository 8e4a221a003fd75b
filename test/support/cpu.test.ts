import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { endedChildrenCpuSeconds } from "./cpu.ts";

/** Burns 0.3 seconds of CPU time, measured as the process itself sees them, in a child of the process it starts. */
const burn = "while (process.cpuUsage().user < 300_000);";
const parent = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(burn)}])`;

test.skipIf(process.platform !== "linux")("counts a child's CPU time with that of its descendants, once", async () => {
  endedChildrenCpuSeconds();
  await once(spawn(process.execPath, ["-e", parent]), "exit");
  expect(endedChildrenCpuSeconds()).toBeGreaterThan(0.3);
  expect(endedChildrenCpuSeconds()).toBe(0);
});
