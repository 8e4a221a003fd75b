#!/usr/bin/env node
/** The command `skopos-flow-agent`. */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { startAgent } from "./agent/agent.ts";
import { ConfigError, parseConfig, readConfig } from "./config/load.ts";
import { agentConfig, type CompleteConfig } from "./config/schema.ts";
import { UnsupportedHostError } from "./kernel.ts";

const help = `Usage: skopos-flow-agent [--config FILE] [--print-config | --check-config FILE]

Watches the network interfaces of this host, and exports each flow as an OpenTelemetry span.

  --config FILE        configuration, YAML; every setting has a default
  --print-config       print the complete configuration, and end
  --check-config FILE  end with 0 if the file can be used, else with 1, naming every mistake
  --netns PATH         watch another network namespace, such as /run/netns/NAME
  --help

Needs the capabilities BPF, PERFMON and NET_ADMIN. SIGTERM exports what is open, and ends.

Examples:
  skopos-flow-agent --print-config > agent.yaml
  skopos-flow-agent --check-config agent.yaml && skopos-flow-agent --config agent.yaml
`;

const log = (line: string) => process.stderr.write(`${line}\n`);

try {
  process.exitCode = await run();
} catch (error) {
  if (!isExpected(error)) throw error;
  log((error as Error).message);
  process.exitCode = error instanceof ConfigError ? 1 : 2;
}

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      "print-config": { type: "boolean" },
      "check-config": { type: "string" },
      netns: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values["check-config"] !== undefined) {
    readConfig(values["check-config"]);
    return 0;
  }
  const config = values.config === undefined ? parseConfig("", "") : readConfig(values.config);
  if (values["print-config"]) {
    process.stdout.write(stringify(config));
    return 0;
  }
  return watch(config, values.netns);
}

/** Runs until a signal. */
async function watch(config: CompleteConfig, netns: string | undefined): Promise<number> {
  const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const agent = await startAgent(agentConfig(config, netns), log);
  await Promise.race([stopped, agent.failed]);
  log("stopping: exporting what is open");
  await agent.stop();
  return 0;
}

/** Whether an error is of the user or the host, and says all there is to say. */
function isExpected(error: unknown): boolean {
  if (error instanceof ConfigError || error instanceof UnsupportedHostError) return true;
  const code = (error as { code?: unknown })?.code;
  return typeof code === "string" && (code.startsWith("ERR_PARSE_ARGS") || !code.startsWith("ERR_"));
}
