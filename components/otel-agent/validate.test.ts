import { App } from "cdk8s";
import { expect, test } from "vitest";
import { defaultCluster, type Endpoint } from "../../lib/kubernetes/index.ts";
import { OtelAgentChart, type OtelAgentProps, validateOtelAgent } from "./index.ts";

const otlp: Endpoint = { scheme: "grpc", host: "gateway", port: 4317 };
const required = { namespace: "observability", gateway: { otlp } };
const nodeSelector = { "otel-agent": "true" };

test("accepts the defaults, and agents on some nodes behind a cluster-wide Service", () => {
  expect(validateOtelAgent(required)).toEqual([]);
  expect(validateOtelAgent({ ...required, nodeSelector })).toEqual([]);
});

test.each<[string, Partial<OtelAgentProps>]>([
  ["SKP1204 service", { nodeSelector, service: "node-local" }],
  ["SKP1213 nodeSelector", { nodeSelector, mode: "operator" }],
  ["SKP1213 service", { service: "cluster", mode: "operator" }],
  ["SKP1209 cluster.platform", { cluster: { ...defaultCluster, platform: "gke-autopilot" } }],
])("rejects %s", (finding, props) => {
  expect(validateOtelAgent({ ...required, ...props }).map(({ code, at }) => `${code} ${at}`)).toEqual([finding]);
  expect(() => new OtelAgentChart(new App(), "agent", { ...required, ...props })).toThrow(finding.slice(0, 7));
});
