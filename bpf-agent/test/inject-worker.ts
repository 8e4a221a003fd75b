/** A thread that runs frames through a program: several at once make CPUs add to the same flows. */
import { parentPort, workerData } from "node:worker_threads";
import { loadAddon } from "../src/native.ts";

/** What the thread is to do. */
export interface Injection {
  readonly program: number;
  readonly packed: Uint8Array;
  readonly stride: number;
  readonly repeat: number;
  readonly rounds: number;
}

const { program, packed, stride, repeat, rounds } = workerData as Injection;
const addon = loadAddon();
for (let round = 0; round < rounds; round++) addon.programRun(program, packed, stride, repeat);
parentPort!.postMessage("done");
