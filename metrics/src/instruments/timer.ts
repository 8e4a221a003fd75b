import { type Definition, isInMilliseconds } from "../definition/definition.ts";

/** How many of the metric's unit make a second: what is measured in milliseconds is recorded in milliseconds. */
export const unitsPerSecond = (definition: Definition): number => (isInMilliseconds(definition) ? 1000 : 1);

/** Measures the time from its making until it is stopped or disposed: `using timer = duration.startTimer();` */
export class Timer implements Disposable {
  readonly #start = performance.now();
  readonly #record: (elapsed: number) => void;
  readonly #unitsPerSecond: number;
  #open = true;

  constructor(record: (elapsed: number) => void, unitsPerSecond: number) {
    this.#record = record;
    this.#unitsPerSecond = unitsPerSecond;
  }

  /** Records the time that passed, the first time it is called. @returns it, in the metric's unit */
  stop(): number {
    const elapsed = ((performance.now() - this.#start) / 1000) * this.#unitsPerSecond;
    if (this.#open) this.#record(elapsed);
    this.#open = false;
    return elapsed;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
