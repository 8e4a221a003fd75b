import { CHUNK_BYTES } from "../memory/layout.ts";
import type { ExemplarLabels, Recorder } from "../registry/recorder.ts";
import type { Handle } from "./handle.ts";

/** Most bytes of an exemplar's labels as JSON. OpenMetrics allows 128 characters of names and values. */
export const EXEMPLAR_TEXT_BYTES = 160;
/** Slots of one exemplar: sequence and text length, value, time in seconds, text. */
export const EXEMPLAR_SLOTS = 3 + EXEMPLAR_TEXT_BYTES / 8;
const MOST_CHARACTERS = 128;
/** An exemplar found by itself replaces one that is at least this old: it illustrates, it does not log. */
const INTERVAL_SECONDS = 1;

/**
 * Writes exemplars next to a series' slots. The first word is odd while one is written: a reader skips it then, also when the
 * thread died at that moment.
 */
export class ExemplarWriter {
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /**
   * Keeps an exemplar in cell `cell` of `handle`, whose cells start after `offset` slots: the one given, or that of the active trace
   * when the cell's is old enough.
   */
  offer(handle: Handle, offset: number, cell: number, value: number, given: ExemplarLabels | undefined): void {
    if (handle.record < 0) return;
    const labels = given ?? this.#recorder.activeExemplar?.();
    if (labels === undefined) return;
    const at = handle.index + offset + cell * EXEMPLAR_SLOTS;
    const seconds = this.#recorder.now() / 1000;
    if (given === undefined && seconds - handle.slots[at + 2]! < INTERVAL_SECONDS) return;
    const pairs = Object.entries(labels).flat();
    const text = JSON.stringify(pairs);
    if (pairs.join("").length > MOST_CHARACTERS || Buffer.byteLength(text) > EXEMPLAR_TEXT_BYTES) return;

    const chunk = handle.slots.byteOffset / CHUNK_BYTES;
    const words = this.#recorder.arena.chunkWords(chunk);
    const sequence = words[at * 2]!;
    Atomics.store(words, at * 2, sequence + 1);
    words[at * 2 + 1] = this.#recorder.arena.bytes(chunk).write(text, (at + 3) * 8, "utf8");
    handle.slots[at + 1] = value;
    handle.slots[at + 2] = seconds;
    Atomics.store(words, at * 2, sequence + 2);
  }
}
