/** The programs that the flow program's cost is compared with: one `*.bpf.c` file in `bench/` each. */
import { buildBpf, whenStale } from "../build.ts";
import { pack } from "./pack.ts";
import { testPrograms } from "./programs.ts";

const peerNames = ["noop", "counter"] as const;
export type PeerName = (typeof peerNames)[number];

const output = (name: PeerName) => `dist/${name}.bpf.o`;

/** Compiles the peers where they are stale. */
export function buildPeers(): void {
  for (const name of peerNames) whenStale(output(name), ["bench"], () => buildBpf(`bench/${name}.bpf.c`, output(name)));
}

/** Loads a peer, its maps empty, and returns what runs frames through it: mean nanoseconds of a packet. */
export function peer(name: PeerName): (frames: readonly Uint8Array[], repeat?: number) => number {
  buildPeers();
  const [object, programs] = testPrograms().programLoad(new URL(`../${output(name)}`, import.meta.url).pathname);
  return (frames, repeat = 1) => {
    const { packed, stride } = pack(frames);
    const ns = testPrograms().programRun(programs[name]!, packed, stride, repeat, {});
    // Its maps are there as long as the object is.
    void object;
    return ns;
  };
}
