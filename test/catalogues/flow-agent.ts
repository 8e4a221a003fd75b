// Writes the flow agent's metrics, from the catalogue that it records them by, to where rules and dashboards are checked against
// what programs expose: `npm run generate`.
import { writeFileSync } from "node:fs";
import agentPackage from "../../bpf-agent/package.json" with { type: "json" };
import { catalogue } from "../../bpf-agent/src/agent/catalogue.ts";
import type { MetricSpec } from "../../metrics/src/index.ts";
import { nodeCatalogue, processCatalogue } from "../../metrics/src/process/catalogue.ts";

/** Path of the file. */
export const flowAgentCataloguePath = new URL(
  "../../lib/monitoring/catalogues/flow-agent.generated.json",
  import.meta.url,
).pathname;

/** Its content, one metric a line. */
export function flowAgentCatalogue(): string {
  const metrics = [catalogue, processCatalogue, nodeCatalogue]
    .flatMap((each) => Object.values(each) as MetricSpec[])
    .map(({ name, type, labels = {} }) => [name, { type, labels: [Object.keys(labels).sort()] }] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = metrics.map(([name, metric]) => `  ${JSON.stringify(name)}: ${JSON.stringify(metric)}`);
  const { version } = agentPackage;
  return `{\n "program": "flow-agent",\n "version": "${version}",\n "metrics": {\n${lines.join(",\n")}\n }\n}\n`;
}

if (import.meta.main) writeFileSync(flowAgentCataloguePath, flowAgentCatalogue());
