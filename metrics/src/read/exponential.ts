import type { Definition } from "../definition/definition.ts";
import { cellsFor, ExponentialBank } from "../instruments/exponential.ts";
import { coarser, MAX_SCHEMA } from "../instruments/exponential-index.ts";
import { Slot } from "../memory/activity.ts";
import type { Arena } from "../memory/arena.ts";
import { readPointer } from "../memory/bank.ts";
import type { SlotPlace } from "./series.ts";

/** Buckets on one side of zero: `counts[i]` belongs to bucket `offset + i`. */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** An exponential histogram over all threads. */
export interface ExponentialValue {
  /** Buckets grow by 2^(2^-schema). */
  readonly schema: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  /** Derived from the buckets, so that it always agrees with them. */
  readonly count: number;
  readonly sum: number;
}

interface BankCopy extends Buckets {
  readonly schema: number;
}

/** Attempts to copy a bank between two replacements; a replacement is rare and a copy takes microseconds. */
const ATTEMPTS = 1000;

/** Merges what all threads recorded, at the coarsest schema among them. */
export function readExponential(arena: Arena, definition: Definition, sources: readonly SlotPlace[]): ExponentialValue {
  const positive: BankCopy[] = [];
  const negative: BankCopy[] = [];
  let zeroCount = 0;
  let sum = 0;
  for (const { slots, index } of sources) {
    zeroCount += slots[index + Slot.exponential.zeros]!;
    sum += slots[index + Slot.exponential.sum]!;
    positive.push(...copyBank(arena, definition, slots, index + Slot.exponential.positive));
    negative.push(...copyBank(arena, definition, slots, index + Slot.exponential.negative));
  }
  const schema = Math.min(MAX_SCHEMA, ...[...positive, ...negative].map((bank) => bank.schema));
  const above = merge(positive, schema);
  const below = merge(negative, schema);
  const total = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  return {
    schema,
    zeroCount,
    positive: above,
    negative: below,
    sum,
    count: zeroCount + total(above.counts) + total(below.counts),
  };
}

function copyBank(arena: Arena, definition: Definition, slots: Float64Array, at: number): BankCopy[] {
  const mask = cellsFor(definition.maxBuckets) - 1;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const bank = readPointer(arena, slots, at);
    if (bank.slots === undefined) return [];
    const schema = bank.slots[bank.index + ExponentialBank.schema]!;
    const low = bank.slots[bank.index + ExponentialBank.low]!;
    const high = bank.slots[bank.index + ExponentialBank.high]!;
    const counts: number[] = [];
    for (let i = low; i <= high; i++) counts.push(bank.slots[bank.index + ExponentialBank.counts + (i & mask)]!);
    if (readPointer(arena, slots, at).raw === bank.raw)
      return counts.length > 0 ? [{ schema, offset: low, counts }] : [];
  }
  return [];
}

function merge(banks: readonly BankCopy[], schema: number): Buckets {
  if (banks.length === 0) return { offset: 0, counts: [] };
  const shifted = (bank: BankCopy, i: number) => coarser(bank.offset + i, bank.schema - schema);
  const low = Math.min(...banks.map((bank) => shifted(bank, 0)));
  const high = Math.max(...banks.map((bank) => shifted(bank, bank.counts.length - 1)));
  const counts = new Array<number>(high - low + 1).fill(0);
  for (const bank of banks) {
    for (const [i, count] of bank.counts.entries()) counts[shifted(bank, i) - low]! += count;
  }
  return { offset: low, counts };
}
