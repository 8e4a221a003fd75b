/** A shard of tests and benchmarks: adds up what its ring brings, without ever returning to its event loop before the end. */
import { parentPort, workerData } from "node:worker_threads";
import { ShardReader, shardOf } from "../src/shard-ring.ts";

export interface ShardInput {
  readonly buffer: SharedArrayBuffer;
  readonly shard: number;
  readonly shards: number;
}

export interface ShardTotals {
  events: number;
  records: number;
  packets: number;
  finals: number;
  finalPackets: number;
  /** Of final records, and how many records of scans have one. */
  tunnels: string[];
  liveTunnels: number;
  clocks: number[];
  /** Elements of another shard's. */
  strays: number;
  /** Records whose first event did not come before them. */
  early: number;
}

if (parentPort) {
  const { buffer, shard, shards } = workerData as ShardInput;
  const totals: ShardTotals = {
    events: 0,
    records: 0,
    packets: 0,
    finals: 0,
    finalPackets: 0,
    tunnels: [],
    liveTunnels: 0,
    clocks: [],
    strays: 0,
    early: 0,
  };
  const known = new Set<number>();
  const reader = new ShardReader(buffer);
  const check = (slot: number) => {
    if (shardOf(slot, shards) !== shard) totals.strays++;
  };
  while (
    reader.take({
      onEvents(events) {
        totals.events += events.length;
        for (let i = 0; i < events.length; i++) {
          check(events.slot(i));
          known.add(events.slot(i));
        }
      },
      onRecords(flows) {
        totals.records += flows.length;
        for (let i = 0; i < flows.length; i++) {
          check(flows.slot(i));
          if (!known.has(flows.slot(i))) totals.early++;
          totals.packets += flows.packets(i, 0) + flows.packets(i, 1);
          if (flows.attributes(i).tunnel) totals.liveTunnels++;
        }
      },
      onFinals(flows) {
        totals.finals += flows.length;
        for (let i = 0; i < flows.length; i++) {
          check(flows.slot(i));
          totals.finalPackets += flows.packets(i, 0) + flows.packets(i, 1);
          const { tunnel } = flows.attributes(i);
          if (tunnel) totals.tunnels.push(`${tunnel.type(0)} ${tunnel.vni(0)} ${flows.lowPort(i)}`);
        }
      },
      onClock: ({ jiffies, at, tickNs, monotonicNs }) =>
        totals.clocks.push((monotonicNs - at((jiffies - 1) >>> 0)) / tickNs),
    }) >= 0
  );
  parentPort.postMessage(totals);
}
