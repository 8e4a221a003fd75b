import { expect, test } from "vitest";
import { table } from "./terminal.ts";

const columns = [{ title: "COMPONENT" }, { title: "WORKLOAD" }, { title: "PODS", right: true }];
const rows = [
  ["mimir", "StatefulSet mimir-store-gateway-zone-a", "12"],
  ["kube-prometheus", "DaemonSet node-exporter", "3"],
];

test("a table is as wide as its content if the terminal is wide enough", () => {
  expect(table(columns, rows, Number.POSITIVE_INFINITY).split("\n")[1]).toBe(
    "mimir            StatefulSet mimir-store-gateway-zone-a    12",
  );
});

test.each([60, 40, 24])("a table fits %d columns and keeps its numbers", (available) => {
  const lines = table(columns, rows, available).split("\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(available);
  expect(lines[1]).toMatch(/… +12$/);
});
