/**
 * The agent in a process of its own, attached nowhere: flows are injected at its parent's request, and come by BPF_PROG_TEST_RUN. Its
 * configuration is in the environment, so that the parent can say on which core it runs.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { startAgent } from "../src/agent/agent.ts";
import { loadConfig } from "../src/config/load-apart.ts";
import { pack } from "../test/harness.ts";
import type { Injection } from "../test/inject-worker.ts";
import { distinct } from "./flows.ts";

/** What the parent asks for: `count` flows from number `start` on, a packet of each; or to stop. */
export type ToAgent = { readonly inject: { readonly start: number; readonly count: number } } | { readonly stop: true };

/** The descriptor of a program by its name: the reader is in another thread of this process. */
function descriptorOf(name: string): number {
  for (const fd of readdirSync("/proc/self/fd").map(Number)) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes("bpf-prog")) continue;
    } catch {
      continue;
    }
    const id = /prog_id:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "";
    if (JSON.parse(execFileSync("bpftool", ["-j", "prog", "show", "id", id], { encoding: "utf8" })).name === name)
      return fd;
  }
  throw new Error(`no program ${name}`);
}

const config = await loadConfig(undefined, undefined);
const agent = await startAgent({ ...config, reader: { ...config.reader, attach: false } }, (line) =>
  console.error(line),
);
process.on("message", async (message: ToAgent) => {
  if ("stop" in message) {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await agent.stop();
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({ seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 });
    process.disconnect();
    return;
  }
  const { start, count } = message.inject;
  const data: Injection = {
    program: descriptorOf("flow_ingress"),
    ...pack(distinct(count, start)),
    repeat: 1,
    rounds: 1,
  };
  await once(new Worker(new URL("../test/inject-worker.ts", import.meta.url), { workerData: data }), "message");
  process.send?.({ injected: count });
});
