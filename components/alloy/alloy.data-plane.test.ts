import { execFileSync } from "node:child_process";
import { App } from "cdk8s";
import { test } from "vitest";
import { workloads } from "../../lib/sizing/index.ts";
import { programPath } from "../../test/binaries/find.ts";
import { objectOf } from "../../test/support/charts.ts";
import { AlloyChart } from "./index.ts";

const alloy = programPath("alloy");
const loki = {
  scheme: "http",
  host: "loki",
  port: 3100,
  path: "/loki/api/v1/push",
  headers: { "X-Scope-OrgID": "a" },
} as const;
const otlp = { scheme: "grpc", host: "gateway.obs.svc", port: 4317 } as const;

// No package registry has Alloy: the printer's own tests read its output by an independent reader of the grammar.
test.for(["small", "medium"] as const)("the real Alloy accepts the configuration of %s", (scale, { skip }) => {
  skip(alloy === undefined, "there is no alloy on PATH");
  const chart = new AlloyChart(new App(), "alloy", {
    namespace: "agents",
    workload: workloads[scale],
    logs: loki,
    gateway: { otlp, otlpByTraceId: { ...otlp, host: "gateway-headless.obs.svc" } },
    hostMetrics: scale === "medium",
  });
  const { data } = objectOf(chart, "ConfigMap", "alloy") as unknown as { data: Record<string, string> };
  const input = data["config.alloy"] ?? "";
  execFileSync(alloy as string, ["fmt", "-"], { input });
  execFileSync(alloy as string, ["validate", "/dev/stdin"], { input });
});
