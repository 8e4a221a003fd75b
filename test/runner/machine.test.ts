import { expect, test } from "vitest";
import { tiers } from "../tiers.ts";
import { filesOf, testFiles } from "./machine.ts";

const root = new URL("../..", import.meta.url).pathname;

test("assigns every test file of the repository to exactly one tier", () => {
  const files = testFiles(root);
  expect(files).toContain("test/runner/machine.test.ts");
  const owners = files.map((file) => [file, tiers.filter((tier) => filesOf(tier, [file]).length > 0).length]);
  expect(owners.filter(([, count]) => count !== 1)).toEqual([]);
});

test("filters test files by a substring of their path", () => {
  expect(testFiles(root, ["./test/runner/mach", "no/such/file"])).toEqual(["test/runner/machine.test.ts"]);
});

test.each([
  ["lib/kubernetes/labels.test.ts", "unit"],
  ["bpf-agent/kernel/flow.kernel.test.ts", "kernel"],
  ["test/stacks/gateway.data-plane.test.ts", "data-plane"],
  ["test/cluster/teardown.node.test.ts", "node"],
  ["up.pulumi.test.ts", "pulumi"],
])("%s belongs to %s", (file, name) => {
  expect(tiers.filter((tier) => filesOf(tier, [file]).length > 0).map((tier) => tier.name)).toEqual([name]);
});
