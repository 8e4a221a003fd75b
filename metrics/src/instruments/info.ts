import { Gauge, type GaugeHandle } from "./gauge.ts";
import type { LabelInput } from "./label-values.ts";

/** Facts about the process as labels of a series that is always 1, e.g. its version. */
export class Info<L extends object = LabelInput> extends Gauge<L> {
  #current: GaugeHandle | undefined;
  #labels: L | undefined;

  /** States the facts; those stated before in this thread no longer hold. */
  override set(labels: L): void {
    const handle = this.with(labels);
    if (this.#current !== undefined && this.#current !== handle) this.remove(this.#labels!);
    this.#current = handle;
    this.#labels = labels;
    handle.set(1);
  }
}
