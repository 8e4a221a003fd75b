import type { Clock } from "../clock.ts";
import type { EventView } from "../event-view.ts";
import type { FlowView } from "../flow-view.ts";
import { marks } from "../layout.ts";
import type { ShardHandlers } from "../shard-ring.ts";
import { reasons } from "./flow-record.ts";
import { type Displaced, FlowTable } from "./flow-table.ts";
import type { PollerCounts, PollerSink } from "./poller-sink.ts";
import { RecordMaker } from "./record-maker.ts";
import { TimeoutClass, type Timeouts, timeoutClassOf, timeoutTable } from "./timeouts.ts";
import { TimerWheel } from "./timer-wheel.ts";

export interface PollerOptions {
  /** Number of this poller. */
  readonly shard: number;
  readonly shards: number;
  /** Slots of the kernel's map, of all shards. */
  readonly flows: number;
  readonly timeouts: Timeouts;
  /** Time between two records of a flow that goes on, in milliseconds. */
  readonly recordIntervalMs: number;
}

/** How long the final record of an ended flow is waited for. */
const LOST_AFTER_MS = 60_000;

/**
 * The flow store of one shard, and what looks after it: begins flows at their events, makes a record of each at the record interval
 * and at its end, and ends those whose time is up.
 *
 * Records are made from what a scan or an end delivers, where all of a flow is at hand: the kernel's counters are never copied. A scan
 * delivers every flow with new packets, so a flow without any has nothing to record, and an active one is never taken for idle.
 */
export class Poller implements ShardHandlers {
  readonly table: FlowTable;
  readonly #options: PollerOptions;
  readonly #timeouts: readonly number[];
  readonly #wheel: TimerWheel;
  readonly #sink: PollerSink;
  readonly #counts: PollerCounts;
  readonly #records: RecordMaker;
  readonly #displaced = new Map<string, Displaced>();
  #clock: Clock | undefined;
  #toEnd: number[] = [];
  #draining = false;

  constructor(options: PollerOptions, sink: PollerSink, counts: PollerCounts) {
    this.#options = options;
    this.#timeouts = timeoutTable(options.timeouts);
    this.table = new FlowTable(options.flows, options.shards);
    this.#wheel = new TimerWheel(this.table.capacity);
    this.#sink = sink;
    this.#counts = counts;
    this.#records = new RecordMaker(this.table, sink, counts);
  }

  onEvents(events: EventView): void {
    for (let i = 0; i < events.length; i++) {
      const index = this.table.indexOf(events.slot(i));
      const generation = events.generation(i);
      if (index >= this.table.capacity || generation === 0) {
        this.#counts.invalid();
        continue;
      }
      this.#counts.processed();
      if (this.table.generation[index] === generation) continue;
      this.#begin(index, events.slot(i), generation, events.ifindex(i), events.firstNs(i), true);
      this.#classify(index, events.protocol(i), events.tcpFlags(i));
    }
  }

  onRecords(flows: FlowView): void {
    const clock = this.#clock;
    if (clock === undefined) return;
    for (let i = 0; i < flows.length; i++) {
      const index = this.#find(flows, i);
      if (this.table.ending[index]) continue;
      const lastNs = flows.lastNs(i, clock);
      this.table.lastMs[index] = lastNs / 1e6;
      this.#classify(index, flows.protocol(i), flows.tcpFlags(i, 0) | flows.tcpFlags(i, 1));
      if (this.#draining || flows.marks(i) & marks.superseded) {
        this.#end(index, flows.slot(i), this.#draining ? reasons.forced : reasons.closed);
      } else if (clock.monotonicNs / 1e6 - this.table.recordedMs[index]! >= this.#options.recordIntervalMs) {
        this.#records.make(flows, i, index, lastNs, reasons.active, clock);
      }
    }
  }

  onFinals(flows: FlowView): void {
    const clock = this.#clock;
    if (clock === undefined) return;
    for (let i = 0; i < flows.length; i++) {
      const slot = flows.slot(i);
      const index = this.table.indexOf(slot);
      if (this.table.generation[index] === flows.generation(i) || this.table.generation[index] === 0) {
        this.#find(flows, i);
        const why = this.table.ending[index] ? this.table.ending[index]! - 1 : reasons.forced;
        this.#records.make(flows, i, index, flows.lastNs(i, clock), why, clock);
        this.#remove(index);
      } else this.#finishDisplaced(`${slot} ${flows.generation(i)}`, flows, i, clock);
    }
  }

  /** A scan is complete: ends what has had no packet for too long. */
  onClock(clock: Clock): void {
    this.#clock = clock;
    const nowMs = clock.monotonicNs / 1e6;
    this.#wheel.advance(nowMs, (index) => this.#due(index, nowMs));
    for (const [key, { sinceMs, ifindex }] of this.#displaced) {
      if (nowMs - sinceMs < LOST_AFTER_MS) continue;
      this.#displaced.delete(key);
      this.#counts.unfinished();
      this.#counts.removed(ifindex);
    }
    if (this.#toEnd.length === 0) return;
    this.#sink.end(Uint32Array.from(this.#toEnd));
    this.#toEnd = [];
  }

  /** From now on ends every flow that a scan delivers: the agent stops. */
  drain(): void {
    this.#draining = true;
  }

  #due(index: number, nowMs: number): void {
    if (this.table.generation[index] === 0) return;
    if (this.table.ending[index]) {
      // Its slot held no flow any more, or the final record was lost.
      this.#counts.unfinished();
      this.#remove(index);
      return;
    }
    const deadline = this.#deadline(index);
    if (deadline > nowMs) {
      this.#wheel.set(index, deadline);
      return;
    }
    const closed =
      this.table.timeoutClass[index] === TimeoutClass.fin || this.table.timeoutClass[index] === TimeoutClass.rst;
    this.#counts.expired();
    this.#end(index, this.#slotOf(index), closed ? reasons.closed : reasons.idle);
  }

  #end(index: number, slot: number, reason: number): void {
    this.table.ending[index] = reason + 1;
    this.#toEnd.push(slot);
    this.#wheel.set(index, (this.#clock?.monotonicNs ?? 0) / 1e6 + LOST_AFTER_MS);
  }

  #slotOf(index: number): number {
    return Math.floor(index / 64) * 64 * this.#options.shards + this.#options.shard * 64 + (index % 64);
  }

  #deadline(index: number): number {
    return this.table.lastMs[index]! + this.#timeouts[this.table.timeoutClass[index]!]!;
  }

  /** Sets the class of a flow, and its deadline where that came nearer: a later one is found out when it is due. */
  #classify(index: number, protocol: number, tcpFlags: number): void {
    const timeoutClass = timeoutClassOf(protocol, tcpFlags);
    const nearer = timeoutClass !== this.table.timeoutClass[index];
    this.table.timeoutClass[index] = timeoutClass;
    if (nearer) this.#wheel.set(index, this.#deadline(index));
  }

  /** Place of a flow that a scan or an end delivers. A flow that is not known, because its event was lost, begins here. */
  #find(flows: FlowView, i: number): number {
    const slot = flows.slot(i);
    const index = this.table.indexOf(slot);
    const generation = flows.generation(i);
    if (this.table.generation[index] !== generation) {
      const first = flows.ifindex(i, flows.initiator(i)) || flows.ifindex(i, flows.initiator(i) ? 0 : 1);
      this.#begin(index, slot, generation, first, flows.firstNs(i), false);
    }
    return index;
  }

  #begin(index: number, slot: number, generation: number, ifindex: number, firstNs: number, byEvent: boolean): void {
    const { table } = this;
    if (table.generation[index] !== 0) {
      // The slot was used again before the final record of its flow came.
      const saved = table.save(index, (this.#clock?.monotonicNs ?? 0) / 1e6);
      this.#displaced.set(`${slot} ${table.generation[index]}`, saved);
      table.remove(index);
    }
    table.add(index, generation, ifindex, firstNs);
    table.timeoutClass[index] = TimeoutClass.generic;
    this.#wheel.set(index, this.#deadline(index));
    this.#counts.created(ifindex, byEvent);
  }

  #remove(index: number): void {
    this.#wheel.remove(index);
    this.#counts.removed(this.table.ifindex[index]!);
    this.table.remove(index);
  }

  /** The final record of a flow whose slot another one has. */
  #finishDisplaced(key: string, flows: FlowView, i: number, clock: Clock): void {
    const saved = this.#displaced.get(key);
    if (saved === undefined) return;
    this.#displaced.delete(key);
    this.#records.makeLast(flows, i, saved, flows.lastNs(i, clock));
    this.#counts.removed(saved.ifindex);
  }
}
