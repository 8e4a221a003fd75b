import type { Clock } from "../clock.ts";
import type { FlowView } from "../flow-view.ts";
import { type FlowRecord, reasons } from "./flow-record.ts";
import type { Displaced, FlowTable } from "./flow-table.ts";
import type { PollerCounts, PollerSink } from "./poller-sink.ts";

/** Makes records: what the kernel counted of a flow, less what earlier records have said. */
export class RecordMaker {
  readonly #table: FlowTable;
  readonly #sink: PollerSink;
  readonly #counts: PollerCounts;
  readonly #record: FlowRecord = {
    startNs: 0,
    endNs: 0,
    packets: [0, 0],
    bytes: [0, 0],
    number: 0,
    reason: 0,
    ifindex: 0,
  };

  constructor(table: FlowTable, sink: PollerSink, counts: PollerCounts) {
    this.#table = table;
    this.#sink = sink;
    this.#counts = counts;
  }

  /** A record of the flow at a place of the table. One that finds no room leaves no trace: the next record says it all. */
  make(flows: FlowView, i: number, index: number, lastNs: number, reason: number, clock: Clock): void {
    const table = this.#table;
    const record = this.#record;
    const [at, said] = [4 * index, table.sent];
    const packets: [number, number] = [said[at]!, said[at + 1]!];
    this.#fill(flows, i, lastNs, table.recordedNs[index]!, packets, [said[at + 2]!, said[at + 3]!]);
    record.number = table.records[index]!;
    record.reason = reason;
    record.ifindex = table.ifindex[index]!;
    if (!this.#offer(flows, i)) return;
    table.recordedNs[index] = record.endNs;
    table.recordedMs[index] = clock.monotonicNs / 1e6;
    table.records[index]!++;
    for (const direction of [0, 1] as const) {
      said[at + direction]! += record.packets[direction];
      said[at + 2 + direction]! += record.bytes[direction];
    }
  }

  /** The last record of a flow that is not in the table any more. */
  makeLast(flows: FlowView, i: number, saved: Displaced, lastNs: number): void {
    const record = this.#record;
    this.#fill(flows, i, lastNs, saved.recordedNs, saved.packets, saved.bytes);
    record.number = saved.records;
    record.reason = saved.ending ? saved.ending - 1 : reasons.forced;
    record.ifindex = saved.ifindex;
    this.#offer(flows, i);
  }

  #fill(
    flows: FlowView,
    i: number,
    lastNs: number,
    startNs: number,
    packets: readonly [number, number],
    bytes: readonly [number, number],
  ): void {
    const record = this.#record;
    record.startNs = startNs;
    record.endNs = Math.max(lastNs, startNs);
    for (const direction of [0, 1] as const) {
      record.packets[direction] = flows.packets(i, direction) - packets[direction];
      record.bytes[direction] = flows.bytes(i, direction) - bytes[direction];
    }
  }

  #offer(flows: FlowView, i: number): boolean {
    this.#counts.recorded();
    const taken = this.#sink.record(flows, i, this.#record);
    if (!taken) this.#counts.refused(this.#record.reason !== reasons.active);
    return taken;
  }
}
