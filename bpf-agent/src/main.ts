#!/usr/bin/env node
/** The command `skopos-flow-agent`. */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { startAgent } from "./agent/agent.ts";
import type { AgentConfig } from "./config/agent-config.ts";
import { ConfigError } from "./config/config-error.ts";
import { loadConfig } from "./config/load-apart.ts";
import { UnsupportedHostError } from "./kernel.ts";

const help = `Usage: skopos-flow-agent [--config FILE] [--print-config | --check-config FILE | --once [--json] [--for DURATION]]

Watches the network interfaces of this host, and exports each flow as an OpenTelemetry span.

  --config FILE        configuration, YAML; every setting has a default
  --print-config       print the complete configuration, with the environment's settings, and exit
  --check-config FILE  exit with 0 if the file is valid; otherwise name every mistake and exit with 1
  --once               show flows here instead of exporting them: a live table in a terminal, else one line per record
  --json               with --once: one JSON object per record
  --for DURATION       with --once: exit after this time, such as 30s; default: until Ctrl-C
  --netns PATH         watch another network namespace, such as /run/netns/NAME
  --help

Each setting can also be an environment variable: flows.recordInterval is SKOPOS_FLOW_AGENT__FLOWS__RECORD_INTERVAL.
Values of lists and maps are YAML: SKOPOS_FLOW_AGENT__INTERFACES__INCLUDE='[eth*, veth*]'.

Needs the capabilities BPF, PERFMON and NET_ADMIN. SIGHUP reads the file again and applies its filter. SIGTERM exports what is open, and
exits.

Examples:
  skopos-flow-agent --print-config > agent.yaml
  skopos-flow-agent --check-config agent.yaml && skopos-flow-agent --config agent.yaml
  skopos-flow-agent --once
  skopos-flow-agent --once --json --for 10s | jq -r '.attributes["destination.address"]' | sort | uniq -c
`;

const log = (line: string) => process.stderr.write(`${line}\n`);

/** A command line that says two things. */
class UsageError extends Error {}

try {
  process.exitCode = await run();
} catch (error) {
  if (!isExpected(error)) throw error;
  log((error as Error).message);
  // Where one thread failed, the others still run.
  process.exit(error instanceof ConfigError ? 1 : 2);
}

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      "print-config": { type: "boolean" },
      "check-config": { type: "string" },
      once: { type: "boolean" },
      json: { type: "boolean" },
      for: { type: "string" },
      netns: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const { config: file, netns, json = false, once = false } = values;
  if (!once && (json || values.for !== undefined)) throw new UsageError("--json and --for belong to --once");
  const forMs = values.for === undefined ? undefined : (await import("./config/duration.ts")).parseDuration(values.for);
  if (Number.isNaN(forMs)) throw new UsageError(`--for ${values.for} is not a duration: write 500ms, 20s or 1m30s`);
  if (values["check-config"] !== undefined) {
    (await import("./config/load.ts")).readConfig(values["check-config"], process.env);
    return 0;
  }
  if (values["print-config"]) {
    const [{ readConfig }, { printConfig }] = await Promise.all([
      import("./config/load.ts"),
      import("./config/print.ts"),
    ]);
    process.stdout.write(printConfig(readConfig(file, process.env)));
    return 0;
  }
  const config = await loadConfig(file, netns);
  const signal = stopSignal();
  if (!once) return watch(config, signal, () => loadConfig(file, netns));
  await (await import("./once/show.ts")).showFlows(config, log, { json, forMs, signal });
  return 0;
}

/** Aborted by SIGTERM or SIGINT. */
function stopSignal(): AbortSignal {
  const stopped = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stopped.abort());
  return stopped.signal;
}

/** Runs until a signal. */
async function watch(config: AgentConfig, stopped: AbortSignal, reload: () => Promise<AgentConfig>): Promise<number> {
  const agent = await startAgent(config, log);
  let filter = config.reader.filter ?? {};
  process.on("SIGHUP", async () => {
    try {
      const next = await reload();
      const nextFilter = next.reader.filter ?? {};
      const rest = ({ reader, ...others }: AgentConfig) => ({ ...others, reader: { ...reader, filter: {} } });
      if (!isDeepStrictEqual(rest(next), rest(config))) log("settings other than the filter apply after a restart");
      if (isDeepStrictEqual(nextFilter, filter)) log("the filter is unchanged");
      else agent.setFilter(nextFilter);
      filter = nextFilter;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log(`the configuration was not changed:\n${error.message}`);
    }
  });
  await Promise.race([new Promise((resolve) => stopped.addEventListener("abort", resolve)), agent.failed]);
  log("stopping: exporting what is open");
  await agent.stop();
  return 0;
}

/** Whether an error is of the user or the host, and says all there is to say. */
function isExpected(error: unknown): boolean {
  if (error instanceof ConfigError || error instanceof UnsupportedHostError || error instanceof UsageError) return true;
  const code = (error as { code?: unknown })?.code;
  return typeof code === "string" && (code.startsWith("ERR_PARSE_ARGS") || !code.startsWith("ERR_"));
}
