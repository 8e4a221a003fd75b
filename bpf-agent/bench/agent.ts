/** The agent as a whole: spans from the kernel to a backend that throws them away, memory, and what it costs when nothing happens. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtAddon } from "../test/harness.ts";
import type { Stopped, ToAgent } from "../test/injected-agent.ts";
import { report } from "./report.ts";

const none = { suite: "agent", peer: null, peerName: null } as const;
const load = () => `load of the machine ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`;

/** Accepts every request, and reads nothing of it. */
async function nullSink() {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Agent {
  readonly child: ChildProcess;
  readonly url: string;
  ask<T>(message: ToAgent): Promise<T>;
}

/** Starts the agent, on one core if asked. */
async function startAgent(settings: Record<string, unknown>, pinned = false): Promise<Agent> {
  const env = Object.fromEntries(
    Object.entries({ SERVER__PORT: 0, RESOURCE: "{}", ...settings }).map(([name, value]) => [
      `SKOPOS_FLOW_AGENT__${name}`,
      String(value),
    ]),
  );
  const script = fileURLToPath(new URL("../test/injected-agent.ts", import.meta.url));
  const node = [process.execPath, script, "dist"];
  const [program = "", ...args] = pinned ? ["taskset", "-c", "0", ...node] : node;
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let text = "";
  child.stderr!.on("data", (chunk) => (text += chunk));
  const exited = new AbortController();
  child.once("exit", () => exited.abort());
  for (;;) {
    const url = /metrics at (\S+)\/metrics/.exec(text)?.[1];
    if (url) {
      const ask = async <T>(message: ToAgent) => {
        child.send(message);
        const answered = once(child, "message", { signal: exited.signal });
        const [answer] = await answered.catch(() => {
          throw new Error(`the agent ended: ${text}`);
        });
        return answer as T;
      };
      return { child, url, ask };
    }
    if (child.exitCode !== null) throw new Error(`the agent ended: ${text}`);
    await sleep(50);
  }
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics?name[]=${name}`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const created = async (url: string, count: number) => {
  while ((await metric(url, "mermin_flow_spans_created_total")) < count) await sleep(100);
};

const quiet = { FLOWS__RECORD_INTERVAL: "1h", FLOWS__TIMEOUTS__UDP: "1h", SERVER__GRACE_PERIOD: "5m" } as const;

/** Ends many flows at once: each is read from the kernel, encoded, and sent. Beside it, scrapes. */
async function endToEnd(flows: number): Promise<void> {
  const sink = await nullSink();
  const endpoints = `[{url: "${sink.url}"}]`;
  const agent = await startAgent(
    { ...quiet, FLOWS__MAX: 1 << 19, EXPORT__ENDPOINTS: endpoints, EXPORT__MAX_DELAY: "100ms" },
    true,
  );
  for (let start = 0; start < flows; start += 100_000) await agent.ask({ inject: { start, count: 100_000 } });
  await created(agent.url, flows);
  await fetch(`${agent.url}/metrics`);
  const scrapes: number[] = [];
  let [stall, exported, running] = [0, 0, true];
  const scraping = (async () => {
    while (running) {
      const begun = performance.now();
      const text = await fetch(`${agent.url}/metrics`).then(
        (response) => response.text(),
        () => undefined,
      );
      if (text === undefined) return;
      scrapes.push(performance.now() - begun);
      stall = Math.max(
        stall,
        Number(/^nodejs_eventloop_delay_seconds\{[^}]*stat="max"[^}]*\} (\S+)/m.exec(text)?.[1] ?? 0),
      );
      exported = Number(/^mermin_export_spans_total\{[^}]*\} (\S+)/m.exec(text)?.[1] ?? 0);
      await sleep(50);
    }
  })();
  const { seconds, cpuSeconds } = await agent.ask<Stopped>({ stop: true });
  running = false;
  await scraping;
  sink.close();
  const seen = `${exported} exported at the last scrape; ${load()}`;
  const rate = { ...none, unit: "spans/s" };
  report({
    ...rate,
    case: "spans-end-to-end",
    ours: flows / seconds,
    note: `one core, ${flows} flows; target 50,000; ${seen}`,
  });
  report({ ...rate, case: "spans-end-to-end, per second of processor time", ours: flows / cpuSeconds });
  const sorted = scrapes.toSorted((a, b) => a - b);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
  report({
    ...none,
    case: "scrape p99 under this load",
    unit: "ms",
    ours: p99,
    note: `${sorted.length} scrapes; target 20`,
  });
  report({ ...none, case: "event-loop stall under this load", unit: "ms", ours: 1000 * stall, note: "target 20" });
}

/** What the process has: its own memory, and the kernel's flow maps, which are mapped into it. */
function memoryOf(pid: number): { own: number; resident: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
  return { own: of("RssAnon") + of("RssShmem"), resident: of("VmRSS") };
}

/** Bytes of BPF maps among the resident ones. */
function mappedMaps(pid: number): number {
  let [isMap, bytes] = [false, 0];
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isMap = line.includes("bpf-map");
    else if (isMap && line.startsWith("Rss:")) bytes += 1024 * Number(line.split(/\s+/)[1]);
  }
  return bytes;
}

async function millionFlows(): Promise<void> {
  const flows = 1_000_000;
  const agent = await startAgent({ ...quiet, FLOWS__MAX: 1 << 20, SERVER__GRACE_PERIOD: "0s" });
  for (let start = 0; start < flows; start += 100_000) {
    await agent.ask({ inject: { start, count: 100_000 } });
    await created(agent.url, start + 100_000);
  }
  // Until V8 has given back what making and injecting the frames took, in the same process.
  await sleep(15_000);
  const { own, resident } = memoryOf(agent.child.pid!);
  const note = `target 200; resident ${(resident / 1e6).toFixed(0)} MB with the kernel's maps`;
  report({ ...none, case: "memory-1m-flows", unit: "MB", ours: own / 1e6, note });
  agent.child.kill("SIGKILL");
}

async function idle(): Promise<void> {
  // As it ships: the built JavaScript, attached, with every default.
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, SKOPOS_FLOW_AGENT__SERVER__PORT: "0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk) => (text += chunk));
  while (!text.includes("metrics at")) {
    if (child.exitCode !== null) throw new Error(`the agent ended; is it built? npm run build -w bpf-agent\n${text}`);
    await sleep(50);
  }
  await sleep(5_000);
  const ticks = () => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const [before, seconds] = [ticks(), 20];
  await sleep(1000 * seconds);
  const cores = (ticks() - before) / 100 / seconds;
  const { own, resident } = memoryOf(child.pid!);
  const maps = mappedMaps(child.pid!);
  const note = `target 100; ${(maps / 1e6).toFixed(1)} MB of it are the kernel's flow maps, ${(own / 1e6).toFixed(1)} MB its own`;
  report({ ...none, case: "idle", unit: "MB", ours: resident / 1e6, note });
  report({ ...none, case: "idle, without the kernel's maps", unit: "MB", ours: (resident - maps) / 1e6 });
  report({ ...none, case: "idle, processor", unit: "cores", ours: cores, note: "target 0.05" });
  child.kill("SIGTERM");
  await once(child, "exit");
}

export async function agentSuite(): Promise<void> {
  builtAddon();
  await idle();
  await endToEnd(400_000);
  await millionFlows();
}
