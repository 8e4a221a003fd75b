/** A thread that runs frames through a program: several at once make CPUs add to the same flows. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { testPrograms } from "./programs.ts";

/** What the thread is to do. */
export interface Injection {
  readonly program: number;
  readonly packed: Uint8Array;
  readonly stride: number;
  readonly repeat: number;
  readonly rounds: number;
  /** Only so many frames a round, the next ones each time, and a round so often. @default all, one after another */
  readonly pace?: { readonly frames: number; readonly everyMs: number };
}

const { program, packed, stride, repeat, rounds, pace } = workerData as Injection;
const programs = testPrograms();
const begin = performance.now();
for (let round = 0; round < rounds; round++) {
  if (!pace) {
    programs.programRun(program, packed, stride, repeat, {});
    continue;
  }
  const from = (round * pace.frames * stride) % packed.length;
  programs.programRun(program, packed.subarray(from, from + pace.frames * stride), stride, repeat, {});
  await sleep(Math.max(0, begin + (round + 1) * pace.everyMs - performance.now()));
}
parentPort!.postMessage("done");
