/** Thread that reads the configuration, answers and ends. */
import { parentPort, workerData } from "node:worker_threads";
import { agentConfig } from "./agent-config.ts";
import { ConfigError } from "./config-error.ts";
import { readConfig } from "./load.ts";
import type { Loaded, LoadInput } from "./load-apart.ts";

const { file, netns } = workerData as LoadInput;

function load(): Loaded {
  try {
    return { config: agentConfig(readConfig(file, process.env), netns) };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}

parentPort?.postMessage(load());
