/** A thread that makes frames of many flows, and runs them through a program: what they take is gone with it. */
import { parentPort, workerData } from "node:worker_threads";
import { distinct } from "./distinct-flows.ts";
import { pack } from "./pack.ts";
import { testPrograms } from "./programs.ts";

/** What the thread is to do. */
export interface FlowInjection {
  readonly program: number;
  readonly start: number;
  readonly count: number;
}

const { program, start, count } = workerData as FlowInjection;
const STEP = 20_000;
for (let first = start; first < start + count; first += STEP) {
  const { packed, stride } = pack(distinct(Math.min(STEP, start + count - first), first));
  testPrograms().programRun(program, packed, stride, 1, {});
}
parentPort!.postMessage("done");
