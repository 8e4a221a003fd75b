import { DropView } from "./drop-view.ts";
import { attributeKinds, attributeLayout, sizes, translationsPerFlow } from "./layout.ts";
import { ProcessView } from "./process-view.ts";
import { TranslationView } from "./translation-view.ts";
import { TunnelView } from "./tunnel-view.ts";

/** What a flow has beside its counters; each view has one element, index 0. */
export interface FlowAttributes {
  readonly tunnel?: TunnelView;
  readonly translations?: TranslationView;
  readonly processes?: ProcessView;
  readonly drops?: DropView;
}

const none: FlowAttributes = {};

/** The attributes of a batch of flows, which the native thread read with their records. */
export class AttributeTable {
  readonly #buffer: Uint8Array;
  readonly #data: DataView;
  readonly #count: number;
  readonly #names: () => Readonly<Record<string, string>>;
  #byRecord: Map<number, number[]> | undefined;

  /**
   * @param buffer the attributes; the first is the last
   * @param names of the kernel's drop reasons
   */
  constructor(buffer: Uint8Array, names: () => Readonly<Record<string, string>>) {
    this.#buffer = buffer;
    this.#data = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#count = buffer.byteLength / attributeLayout.size;
    this.#names = names;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  of(record: number): FlowAttributes {
    if (this.#count === 0) return none;
    const places = this.#places(record);
    const value = (kind: (typeof attributeKinds)[number], size: number) =>
      places
        .filter((at) => attributeKinds[this.#data.getUint32(at + attributeLayout.kind, true)] === kind)
        .map((at) => this.#buffer.subarray(at + attributeLayout.value, at + attributeLayout.value + size));
    const [tunnel] = value("tunnel", sizes.tunnel);
    const translations = value("translation", sizes.translation);
    const [processes] = value("processes", sizes.processes);
    const [drops] = value("drops", sizes.drops);
    return {
      ...(tunnel && { tunnel: new TunnelView(tunnel) }),
      ...(translations.length > 0 && { translations: new TranslationView(together(translations)) }),
      ...(processes && { processes: new ProcessView(processes) }),
      ...(drops && { drops: new DropView(drops, this.#names()) }),
    };
  }

  /** Copies of a record's entries, last first as in the table, that name it `as`. */
  entries(record: number, as: number): Uint8Array[] {
    if (this.#count === 0) return [];
    const copies = this.#places(record).map((at) => this.#buffer.slice(at, at + attributeLayout.size));
    for (const copy of copies) new DataView(copy.buffer).setUint32(attributeLayout.record, as, true);
    return copies.reverse();
  }

  #places(record: number): readonly number[] {
    this.#byRecord ??= this.#index();
    return this.#byRecord.get(record) ?? [];
  }

  #index(): Map<number, number[]> {
    const byRecord = new Map<number, number[]>();
    for (let n = this.#count - 1; n >= 0; n--) {
      const at = n * attributeLayout.size;
      const record = this.#data.getUint32(at + attributeLayout.record, true);
      byRecord.set(record, [...(byRecord.get(record) ?? []), at]);
    }
    return byRecord;
  }
}

/** A flow's translations as the view has them: every place is there, taken or not. */
function together(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(translationsPerFlow * sizes.translation);
  for (const [n, part] of parts.entries()) whole.set(part, n * sizes.translation);
  return whole;
}
