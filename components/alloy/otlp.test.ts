// The OpenTelemetry agent and Alloy do the same to telemetry of applications: what both render holds the same settings.
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type ParsedBlock, type ParsedValue, parseAlloy } from "../../lib/alloy/index.ts";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import type { CollectorConfig, GatewayTargets, Pipeline } from "../../lib/otel/index.ts";
import { id, plain } from "../../test/support/alloy-blocks.ts";
import { OtelAgentChart } from "../otel-agent/index.ts";
import { AlloyChart } from "./index.ts";

const otlp = { scheme: "grpc", host: "gateway.obs.svc", port: 4317 } as const;
const otlpByTraceId = { ...otlp, host: "gateways.obs.svc" };
const otlpByService = { ...otlpByTraceId, port: 4319 };

/** The same limits for both: only the memory of the two programs differs. */
const size = { memoryBytes: 2 ** 30, memoryLimitBytes: 2 ** 30 };

const charts = (gateway: GatewayTargets, platform: "kubernetes" | "eks") => {
  const props = { namespace: "obs", cluster: { name: "c", version: "1.35", platform }, gateway, size } as const;
  return { agent: new OtelAgentChart(new App(), "agent", props), alloy: new AlloyChart(new App(), "alloy", props) };
};

const file = (chart: ComponentChart, name: string): string =>
  chart.toJson().find(({ data }) => data?.[name])?.data[name] as string;

/** Names that differ between the two, by those of Alloy. */
const names: Readonly<Record<string, string>> = {
  max_recv_msg_size: "max_recv_msg_size_mib",
  limit: "limit_mib",
  spike_limit: "spike_limit_mib",
  node: "node_from_env_var",
};

/** Every setting as `name: value`, however it is nested. */
function settings(value: unknown, name = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => settings(each, name));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, each]) => settings(each, key));
  return [`${name}: ${value}`];
}

const unitless = (value: unknown): unknown =>
  typeof value === "string" ? value.replace(/^(\d+)MiB$/, "$1").replace(/^sys\.env\((\w+)\)$/, "$1") : value;

function settingsOfBlock({ attributes, blocks }: ParsedBlock): string[] {
  const own = attributes.flatMap(([key, value]: readonly [string, ParsedValue]) => {
    const read = plain(value);
    const name = names[key] ?? key;
    return [read].flat().map((each) => `${name}: ${unitless(each)}`);
  });
  return [...own, ...blocks.filter(({ name }) => name !== "output").flatMap(settingsOfBlock)];
}

describe.each([
  ["a single gateway", { otlp }, "kubernetes"],
  ["several gateways", { otlp, otlpByTraceId }, "kubernetes"],
  ["several gateways with span metrics, on EKS", { otlp, otlpByTraceId, otlpByService }, "eks"],
] as const)("with %s", (_, gateway, platform) => {
  const { agent, alloy } = charts(gateway, platform);
  const { receivers, processors, exporters, service } = parse(file(agent, "collector.yaml")) as CollectorConfig;
  const blocks = parseAlloy(file(alloy, "config.alloy")).filter(({ name }) => name.startsWith("otelcol."));

  test("receivers, processors and exporters have the same settings", () => {
    const ofAgent = settings([receivers.otlp, processors, exporters]);
    expect(blocks.flatMap(settingsOfBlock).sort()).toEqual(ofAgent.sort());
    expect(ofAgent.length).toBeGreaterThan(60);
  });

  test("each signal passes the same kinds of components in the same order", () => {
    const kind = (name: string) =>
      name
        .replace(/^otelcol\.\w+\./, "")
        .replace(/[./].*$/, "")
        .replaceAll("_", "");
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const passed: string[] = [];
      let next = ["otelcol.receiver.otlp.applications"];
      while (next.length > 0) {
        passed.push(...next.map((each) => kind(each)));
        const found = blocks.filter((each) => next.includes(id(each)));
        expect(found.length, next.join()).toBe(next.length);
        const outputs = found.flatMap((each) => each.blocks.filter(({ name }) => name === "output"));
        next = outputs
          .flatMap(({ attributes }) => attributes.filter(([key]) => key === signal))
          .flatMap(([, value]) => plain(value) as string[])
          .map((path) => path.replace(/\.input$/, ""));
      }
      const { processors, exporters } = service.pipelines[signal] as Pipeline;
      const ofAgent = ["otlp", ...processors, ...exporters].map((each) => kind(each));
      expect(passed, signal).toEqual(ofAgent.map((each) => (each === "otlpgrpc" ? "otlp" : each)));
    }
  });
});
