/** `failing.ts MODE`: uses the addon while calls of it fail; test/native/failing.c is preloaded. Prints what was left behind. */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { FlowReader } from "../src/reader.ts";
import { builtAddon, type Flow, inject, openLoaded, scan } from "./harness.ts";
import { Namespace } from "./netns.ts";
import * as p from "./packets.ts";

/** test/native/failing.c. */
interface Failing {
  failCall(call: number): void;
  failCommand(command: number, times: number): void;
  counted(): number;
}

// What this process starts calls as it will.
delete process.env.LD_PRELOAD;
const failing = createRequire(import.meta.url)("../dist/test/failing.node") as Failing;
const addon = builtAddon();

const held = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  threads: readdirSync("/proc/self/task").length,
});

/** Opens readers, each with another call failing, until none is left to fail. */
async function openings(): Promise<object> {
  await using node = new Namespace("failing");
  const open = () => new FlowReader({ netns: node.path, flows: 1024, processes: true, drops: true }, {}, addon);
  await open().close();
  const before = held();
  const codes: Record<string, number> = {};
  const left: string[] = [];
  let call = 0;
  for (let more = true; more; ) {
    call++;
    failing.failCall(call);
    let reader: FlowReader | undefined;
    try {
      reader = open();
    } catch (error) {
      const { code = "none" } = error as { code?: string };
      codes[code] = (codes[code] ?? 0) + 1;
    }
    more = failing.counted() >= call;
    failing.failCall(0);
    await reader?.close();
    const now = held();
    if (now.descriptors !== before.descriptors || now.threads !== before.threads) {
      left.push(`call ${call}: ${JSON.stringify(now)}`);
      Object.assign(before, now);
    }
  }
  return { calls: call - 1, codes, left };
}

/** BPF_MAP_UPDATE_ELEM, which the grace period is, and the two that take keys out of the hash. */
const commands = { grace: 2, deleteOne: 3, deleteBatch: 27 } as const;

/** Ends flows while the kernel fails, and again when it does not: all slots must come back, and every packet be counted. */
async function endings(): Promise<object> {
  const flows = 64;
  const frames = Array.from({ length: flows }, (_, i) =>
    p.ethernet(p.ipv4({ source: "10.0.0.1", destination: "10.0.0.2", protocol: 17 }, p.udp(1 + i, 2, p.zeros(9)))),
  );
  const outcome: Record<string, unknown> = {};
  for (const [name, command] of Object.entries(commands)) {
    using reader = openLoaded({ flows, ...(name === "deleteOne" ? { without: ["batch"] as const } : {}) });
    let [errors, ended, packets] = [0, 0, 0];
    for (let round = 0; round < 20; round++) {
      inject(reader, frames);
      const slots = Uint32Array.from((await scan(reader)).map(({ slot }: Flow) => slot));
      failing.failCommand(command, 1);
      await reader.end(slots, () => {}).catch(() => errors++);
      failing.failCommand(command, 0);
      await reader.end(slots, (view) => {
        ended += view.length;
        for (let i = 0; i < view.length; i++) packets += view.packets(i, 0) + view.packets(i, 1);
      });
    }
    outcome[name] = {
      errors,
      ended,
      packets,
      full: reader.counters().map_full.packets,
      live: (await scan(reader)).length,
    };
  }
  return outcome;
}

const modes = { openings, endings } as const;
console.log(JSON.stringify(await modes[process.argv[2] as keyof typeof modes]()));
