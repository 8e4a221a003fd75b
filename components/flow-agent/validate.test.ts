import { App } from "cdk8s";
import { expect, test } from "vitest";
import { InvalidPropsError, workloads } from "../../lib/sizing/index.ts";
import { FlowAgentChart, type FlowAgentConfig, validateFlowAgent } from "./index.ts";

const found = (props: object) =>
  validateFlowAgent({ namespace: "observability-agents", ...props }).map(({ code, at }) => `${code} ${at}`);

test("valid props have no findings", () => {
  expect(found({})).toEqual([]);
  const config: FlowAgentConfig = { interfaces: { exclude: ["lo", "docker0"] }, flows: { recordInterval: "30s" } };
  expect(found({ config })).toEqual([]);
});

test("every setting that the agent would reject is found, by the agent's own schema", () => {
  const config = {
    flows: { max: 10, recordInterval: "often", timeouts: { sctp: "1s" } },
    pollers: { count: "two" },
    exports: {},
  };
  expect(found({ config })).toEqual([
    "SKP1280 config.flows.max",
    "SKP1280 config.flows.recordInterval",
    "SKP1280 config.flows.timeouts.sctp",
    "SKP1280 config.pollers.count",
    "SKP1280 config.exports",
  ]);
});

test("where the agent listens and where it sends to are the component's to set", () => {
  const config = { server: { port: 1 }, export: { endpoints: [{ url: "http://a:1" }], retryFor: "5s" } };
  expect(found({ config })).toEqual(["SKP1280 config.server", "SKP1280 config.export.endpoints"]);
});

test.each([
  ["SKP1209 cluster.platform", { cluster: { name: "a", version: "1.36", platform: "gke-autopilot" } }],
  ["SKP1011 workload.flowsPerSecondPerNode", { workload: { ...workloads.small, flowsPerSecondPerNode: -1 } }],
])("finds %s", (finding, props) => {
  expect(found(props)).toContain(finding);
});

test("a chart throws what is found", () => {
  const flows = { scheme: "grpc", host: "gateway", port: 4320 } as const;
  const config = { flows: { max: 10 } };
  const make = () => new FlowAgentChart(new App(), "flow-agent", { namespace: "agents", flows, config });
  expect(make).toThrow(InvalidPropsError);
});
