import { App } from "cdk8s";
import { expect, test } from "vitest";
import { GiB } from "../../lib/sizing/index.ts";
import { chartProblems, objectOf } from "../../test/support/charts.ts";
import { PushgatewayChart, type PushgatewayProps, sizePushgateway } from "./index.ts";

const chartOf = (props: Partial<PushgatewayProps> = {}) =>
  new PushgatewayChart(new App(), "push", { namespace: "observability", ...props });

test.each([{}, { diskBytes: GiB }])("renders valid objects that connect only what exists: %j", (props) => {
  expect(chartProblems(chartOf(props))).toEqual([]);
});

test("keeps job and instance labels of the pushing job", () => {
  const monitor = objectOf(chartOf(), "ServiceMonitor", "pushgateway");
  expect(monitor.spec.endpoints[0].honorLabels).toBe(true);
});

test("runs a single pod that is stopped before its replacement starts", () => {
  expect(objectOf(chartOf(), "Deployment", "pushgateway").spec).toMatchObject({
    replicas: 1,
    strategy: { type: "Recreate" },
  });
  const args = objectOf(chartOf({ diskBytes: GiB }), "StatefulSet", "pushgateway").spec.template.spec.containers[0]
    .args;
  expect(args).toContain("--persistence.file=/data/metrics");
});

test("more series never mean less memory", () => {
  const memory = [0, 1_000, 50_000, 1_000_000].map((series) => sizePushgateway(series).pushgateway.memoryBytes);
  expect(memory).toEqual([...memory].sort((a, b) => a - b));
});

test.each([
  ["SKP1011 series", { series: 0 }],
  ["SKP1011 staleSeconds", { staleSeconds: -1 }],
  ["SKP1011 diskBytes", { diskBytes: 0 }],
] as const)("rejects %s", (finding, props) => {
  expect(() => new PushgatewayChart(new App(), "push", { namespace: "observability", ...props })).toThrow(finding);
});
