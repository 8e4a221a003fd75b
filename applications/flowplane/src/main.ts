#!/usr/bin/env node
/** The command `flowplane`. */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { ConfigError, readConfig, settings } from "./config.ts";
import { ImportError, importFile } from "./import.ts";
import { startFlowplane } from "./serve.ts";

const help = `Usage: flowplane [serve | import FILE]

  serve        runs the control plane until SIGTERM (the default)
  import FILE  sends the resources of a JSON file to a running control plane, pushes what it counted to the Pushgateway, and ends
  --url URL    the control plane for import, with FLOWPLANE_TOKEN_FILE for its token  [http://127.0.0.1:8080]
  --help

Settings are environment variables:
${Object.entries(settings)
  .map(([key, { description }]) => `  ${key.padEnd(27)}${description}`)
  .join("\n")}

Examples:
  flowplane serve
  FLOWPLANE_TOKEN_FILE=payments.token flowplane import payments.json
`;

const log = (line: string) => process.stderr.write(`${line}\n`);

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { url: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const [command = "serve", file, ...rest] = positionals;
  if (values.help) process.stdout.write(help);
  else if (command === "serve" && file === undefined) await run();
  else if (command === "import" && file !== undefined && rest.length === 0)
    log(await importFile(file, values.url ?? "http://127.0.0.1:8080", process.env));
  else throw new ConfigError(`no such command: ${positionals.join(" ")}\nSee flowplane --help`);
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const expected =
    error instanceof ConfigError || error instanceof ImportError || /^E[A-Z]+$|^ERR_PARSE_ARGS/.test(code);
  if (!expected) throw error;
  log((error as Error).message);
  process.exitCode = error instanceof ImportError ? 1 : 2;
}

async function run(): Promise<void> {
  const config = readConfig(process.env);
  const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  await using flowplane = await startFlowplane(config, log);
  log(`API at ${flowplane.url}, metrics at ${flowplane.metricsUrl}/metrics`);
  if (!config.adminToken) log(`administrator's token, until the next start: ${flowplane.adminToken}`);
  await stopped;
}
