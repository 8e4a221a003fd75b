import { expect, test } from "vitest";
import { tiers } from "../tiers.ts";
import { duration, summary } from "./summary.ts";

const checks = { name: "checks", report: { passed: 2, failures: [], skips: [] }, seconds: 9.4, cpuSeconds: 14.2 };
const unit = {
  name: "unit",
  report: {
    passed: 410,
    failures: [{ name: "a.test.ts > b", message: "1 is not 2\n  at b" }],
    skips: [{ name: "c.test.ts > d", reason: "alloy is not on PATH" }],
  },
  seconds: 185,
  cpuSeconds: 301,
};
const node = tiers.find((tier) => tier.name === "node")!;
const leftOut = { tier: node, reasons: ["not built: etcd", "needs root"], command: "npm run binaries -- etcd" };

test("ends with the table of steps and the totals", () => {
  expect(
    summary([checks, unit], [leftOut], false, [{ name: "etcd", directory: "/cache/etcd", cpuSeconds: 95 }]).join("\n"),
  ).toBe(
    `skipped: c.test.ts > d: alloy is not on PATH
failed: a.test.ts > b: 1 is not 2
left out: tier node (${node.proves})
  why: not built: etcd; needs root
  run: npm run binaries -- etcd
to run everything, on Debian as root: SKOPOS_REQUIRE=all npm test

tier            passed  failed  skipped        time         CPU
checks               2       0        0         9 s        14 s
unit               410       1        1  3 min 05 s  5 min 01 s

CPU time of builds: etcd 1 min 35 s

412 passed, 1 failed, 1 skipped`,
  );
});

test("reports a left-out tier as a failure if all are required", () => {
  const lines = summary([checks], [leftOut], true);
  expect(lines[0]).toMatch(/^failed: tier node/);
  expect(lines.at(-1)).toBe("2 passed, 1 failed, 0 skipped");
});

test("prints no command for a tier that cannot run on this machine", () => {
  const lines = summary([checks], [{ ...leftOut, reasons: ["needs Linux"], command: undefined }], false);
  expect(lines.filter((line) => /run:|to run everything/.test(line))).toEqual([]);
});

test.each([
  [0.4, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [3725, "62 min 05 s"],
])("%d seconds read %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
