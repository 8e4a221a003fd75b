import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { flowAgentCatalogue, flowAgentCataloguePath } from "./flow-agent.ts";

test("rules and dashboards are checked against the metrics that the flow agent has: npm run generate", () => {
  expect(readFileSync(flowAgentCataloguePath, "utf8")).toBe(flowAgentCatalogue());
});
