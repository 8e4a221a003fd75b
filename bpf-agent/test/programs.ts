/** BPF programs run by themselves: the addon of tests and benchmarks, which is not shipped. */
import { createRequire } from "node:module";
import { buildAddon, whenStale } from "../build.ts";

/** What a packet's `__sk_buff` says beside its bytes. */
export interface Context {
  /** The interface the program runs on. @default 1, the loopback */
  readonly ifindex?: number;
  /** The interface the packet came in by. @default none: the host sent it */
  readonly ingressIfindex?: number;
  /** Segments that the packet stands for, and the payload of each. @default it is no GSO packet */
  readonly gsoSegments?: number;
  readonly gsoSize?: number;
}

/** test/native/run.c. */
export interface Programs {
  /** Loads a BPF object as it is; its programs' descriptors live as long as the first element does. */
  programLoad(path: string): [object: object, programs: Record<string, number>];
  /** BPF_PROG_TEST_RUN of every frame: `stride` bytes apart, length in the first two. Mean nanoseconds a run. */
  programRun(program: number, frames: Uint8Array, stride: number, repeat: number, skb: Context): number;
  /** A TCX program behind those of the hook, in the process's network namespace, until the process ends. */
  tcxAttach(program: number, ifindex: number, egress: boolean): void;
}

/** How it is built; the output is below `dist/`. */
export const programsAddon = {
  output: "test/programs.node",
  sources: ["test/native/run.c", "native/value.c", "native/failure.c"],
  folders: ["test/native", "native"],
};
let programs: Programs | undefined;

/** The addon, built first where it is stale. */
export function testPrograms(): Programs {
  if (!programs) {
    const { sources, folders } = programsAddon;
    const output = `dist/${programsAddon.output}`;
    whenStale(output, folders, () => buildAddon({ output, sources }));
    programs = createRequire(import.meta.url)(`../${output}`) as Programs;
  }
  return programs;
}
