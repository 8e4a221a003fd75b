/**
 * The agent in a process of its own, attached nowhere: flows are injected at its parent's request, and come by BPF_PROG_TEST_RUN. Its
 * configuration is in the environment. With the argument `dist` it is the built one, without what compiling TypeScript takes.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { FlowInjection } from "./inject-flows-worker.ts";

/** What the parent asks for: a packet of each of `count` flows from number `start` on; or to stop. */
export type ToAgent = { readonly inject: { readonly start: number; readonly count: number } } | { readonly stop: true };

/** What the agent answers when it has stopped. */
export interface Stopped {
  readonly seconds: number;
  /** Processor time of all threads meanwhile. */
  readonly cpuSeconds: number;
}

/** The descriptor of a program by its name: the reader is in another thread of this process. */
function descriptorOf(name: string): number {
  for (const fd of readdirSync("/proc/self/fd").map(Number)) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes("bpf-prog")) continue;
    } catch {
      continue;
    }
    const id = /prog_id:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "";
    const program = JSON.parse(execFileSync("bpftool", ["-j", "prog", "show", "id", id], { encoding: "utf8" }));
    if (program.name === name) return fd;
  }
  throw new Error(`no program ${name}`);
}

const built = process.argv[2] === "dist";
const source = <T>(file: string): Promise<T> =>
  import(new URL(built ? `../dist/${file}.js` : `../src/${file}.ts`, import.meta.url).href);
const { loadConfig } = await source<typeof import("../src/config/load-apart.ts")>("config/load-apart");
const { startAgent } = await source<typeof import("../src/agent/agent.ts")>("agent/agent");

const config = await loadConfig(undefined, undefined);
const detached = { ...config, reader: { ...config.reader, attach: false } };
const agent = await startAgent(detached, (line) => console.error(line));
process.on("message", async (message: ToAgent) => {
  if ("stop" in message) {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await agent.stop();
    const { user, system } = process.cpuUsage(cpu);
    const stopped: Stopped = { seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
    process.send?.(stopped);
    process.disconnect();
    return;
  }
  const workerData: FlowInjection = { program: descriptorOf("flow_ingress"), ...message.inject };
  await once(new Worker(new URL("./inject-flows-worker.ts", import.meta.url), { workerData }), "exit");
  process.send?.({ injected: workerData.count });
});
