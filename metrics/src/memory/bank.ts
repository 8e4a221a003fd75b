import type { Arena } from "./arena.ts";
import { CHUNK_DOUBLES, Header } from "./layout.ts";
import { type Region, type SlotRange, unseen } from "./region.ts";

// A bank is a range of slots that its owner replaces as a whole: it fills a fresh one and then publishes it by one atomic store of
// a 64-bit pointer. A reader that copied the old bank sees the pointer changed and starts again; a thread that dies in between
// leaves the old bank in force. Nothing is ever half-replaced.

const EPOCH_SHIFT = 40n;
const PLACE_MASK = (1n << EPOCH_SHIFT) - 1n;
const EPOCH_MASK = 0x3f_ffffn;

const pointerCell = (slots: Float64Array): BigInt64Array =>
  new BigInt64Array(slots.buffer, slots.byteOffset, slots.length);

/** A published bank, as a reader sees it. */
export interface BankPointer {
  /** Undefined when there is no bank yet. */
  readonly slots: Float64Array | undefined;
  readonly index: number;
  /** Counts replacements, modulo 2^22. */
  readonly epoch: number;
  readonly raw: bigint;
}

/** Makes `bank` the one that the pointer in `slots[at]` names; undefined is none. */
export function publishBank(slots: Float64Array, at: number, bank: SlotRange | undefined, epoch: number): void {
  const place = bank === undefined ? 0n : BigInt(bank.slots.byteOffset / 8 + bank.index + 1);
  Atomics.store(pointerCell(slots), at, ((BigInt(epoch) & EPOCH_MASK) << EPOCH_SHIFT) | place);
}

/** The bank that the pointer in `slots[at]` names. */
export function readPointer(arena: Arena, slots: Float64Array, at: number): BankPointer {
  const raw = Atomics.load(pointerCell(slots), at);
  const epoch = Number((raw >> EPOCH_SHIFT) & EPOCH_MASK);
  const place = Number(raw & PLACE_MASK) - 1;
  if (place < 0) return { slots: undefined, index: 0, epoch, raw };
  return { slots: arena.doubles(Math.floor(place / CHUNK_DOUBLES)), index: place % CHUNK_DOUBLES, epoch, raw };
}

/** A fresh bank: in the arena when the series is; otherwise, or when the arena is full, out of every reader's sight. */
export function allocateBank(region: Region, length: number, stored: boolean): SlotRange {
  const bank = stored ? region.allocate(length) : undefined;
  if (stored && bank === undefined) Atomics.add(region.arena.words, Header.unstoredSeries, 1);
  return bank ?? unseen(length);
}
