/** `exercise.ts ADDON MODE`: uses the addon as a whole in a process of its own. ADDON "" is the ordinary build. */

import { loadAddon } from "../src/native.ts";
import { FlowReader } from "../src/reader.ts";
import { Namespace, residentBytes } from "./netns.ts";
import { pack } from "./pack.ts";
import * as p from "./packets.ts";
import { testPrograms } from "./programs.ts";

const [path, mode] = process.argv.slice(2);
const addon = path ? loadAddon(path) : loadAddon();

const frames = Array.from({ length: 3000 }, (_, i) =>
  p.ethernet(p.ipv4({ source: "10.0.0.1", destination: "10.0.0.2", protocol: 17 }, p.udp(i, 2, p.zeros(9)))),
);

/** One reader's life: events, more flows than slots, a scan, an end, counters, attributes, a close in the middle of a scan. */
async function live(netns?: string): Promise<void> {
  let attached = () => {};
  const ready = new Promise<void>((resolve) => {
    attached = resolve;
  });
  const options = netns ? { netns, exclude: [] } : { attach: false };
  const reader = new FlowReader(
    { ...options, flows: 2048, processes: true, drops: true },
    { onEvents: (view) => view.key(0), onInterface: attached },
    addon,
  );
  if (netns) await ready;
  const { packed, stride } = pack(frames);
  testPrograms().programRun(reader.descriptors().flow_ingress!, packed, stride, 1, {});
  const slots: number[] = [];
  await reader.scan((view) => {
    for (let i = 0; i < view.length; i++) slots.push(view.slot(i));
  });
  const some = Uint32Array.from(slots.slice(0, 10));
  reader.tunnels(some);
  reader.translations(some);
  reader.processes(some);
  reader.flowDrops(some);
  reader.drops();
  reader.missing();
  reader.counters();
  await reader.end(Uint32Array.from(slots), () => {});
  const cut = reader.scan(() => {});
  reader.close();
  await cut.catch(() => {});
}

if (mode === "cycle") {
  await using node = new Namespace("asan");
  for (let i = 0; i < 5; i++) await live(node.path);
  console.log("cycle done");
} else if (mode === "rss") {
  const cycles = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await live();
      // The shared buffers are the garbage collector's: without it memory is bounded too, but later.
      globalThis.gc?.();
    }
    return residentBytes();
  };
  console.log(await cycles(20), await cycles(60));
}
