import { once } from "node:events";
import { startThread } from "../worker-file.ts";
import type { AgentConfig } from "./agent-config.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";

/** What the thread begins with. */
export interface LoadInput {
  readonly file: string | undefined;
  readonly netns: string | undefined;
}

/** What it answers. */
export type Loaded = { readonly config: AgentConfig } | { readonly problems: readonly ConfigProblem[] };

/**
 * Reads the configuration in a thread that ends afterwards: the schema and the YAML parser take 15 MB, which the agent would keep for
 * as long as it runs.
 *
 * @param file undefined for every default
 * @param netns path of another network namespace to watch
 * @throws ConfigError with every mistake
 */
export async function loadConfig(file: string | undefined, netns: string | undefined): Promise<AgentConfig> {
  const input: LoadInput = { file, netns };
  const thread = startThread(new URL("./load-thread", import.meta.url), { workerData: input, name: "config" });
  const [loaded] = (await once(thread, "message")) as [Loaded];
  if ("problems" in loaded) throw new ConfigError(loaded.problems);
  return loaded.config;
}
