import { type ObjectStorageUse, samplesPerSecond, secondsPerMonth } from "../../lib/sizing/index.ts";
import { deletionDelaySeconds } from "./config.ts";
import { compactorShards } from "./limits.ts";
import type { MimirLoad } from "./load.ts";
import { aggregateSeconds, aggregateSeries } from "./monitoring/aggregates.ts";
import type { MimirSizing } from "./sizing.ts";

const day = 86_400;

/** Bytes of a sample in a compacted block, index and chunks: what the capacity table's store-gateway row assumes. */
const bytesPerSample = 2;
/** Hours until copies of the same sample are merged: the compactor's first ranges are 2 h and 12 h. */
const uncompactedSeconds = 12 * 3600;
/** Ingesters ship a block every two hours. */
const blockSeconds = 2 * 3600;
/** Objects of a block: meta, index, and at least one file of chunks. */
const objectsPerBlock = 3;
/** Compactions a day and shard: twelve of 2 h ranges merge vertically, then two of 12 h and one of 24 h. */
const compactionsPerDay = 15;
/** Blocks that one compaction reads: the copies of three ingesters. */
const blocksPerCompaction = 3;
/** Share of queries that reach the store-gateways, by the capacity table. */
const storedQueries = 0.1;
/** Ranges of index and chunks that such a query reads and no cache has: an estimate. */
const rangesPerQuery = 20;
/** Seconds between two looks of the compactor and the store-gateways at a tenant's bucket index. */
const syncSeconds = 900;

/** Bytes of all blocks once the retention is full, in a bucket or on a disk. */
export function blockBytes({ workload, retention, availability }: MimirLoad): number {
  const rate = samplesPerSecond(workload) * bytesPerSample;
  const copies = availability === "redundant" ? 3 : 1;
  const aggregateRate = (aggregateSeries(workload) / aggregateSeconds) * bytesPerSample;
  const aggregates = retention.aggregates > 0 ? aggregateRate * (retention.aggregates + deletionDelaySeconds) : 0;
  const series = rate * (retention.mimir + deletionDelaySeconds + uncompactedSeconds * (copies - 1));
  return Math.ceil(series + aggregates);
}

/** What Mimir keeps in its bucket, and how often it asks for it. @param sizing whose ingesters ship and whose store-gateways look */
export function mimirStorage(load: MimirLoad, sizing: MimirSizing): ObjectStorageUse {
  const { workload, retention } = load;
  const pods = (part: "ingester" | "storeGateway") =>
    sizing.mode === "monolithic" ? sizing.mimir.replicas : sizing[part].replicas;
  const shards = Math.max(1, compactorShards(workload.activeSeries));
  const shipped = (pods("ingester") * secondsPerMonth) / blockSeconds;
  const compacted = (compactionsPerDay * shards * secondsPerMonth) / day;
  const looks = ((1 + pods("storeGateway")) * secondsPerMonth) / syncSeconds;
  const queried = workload.queriesPerSecond * storedQueries * rangesPerQuery * secondsPerMonth;
  return {
    bytes: blockBytes(load),
    putsPerMonth: Math.ceil((shipped + compacted) * objectsPerBlock + looks),
    getsPerMonth: Math.ceil(compacted * blocksPerCompaction * objectsPerBlock + looks + queried),
    reasons: {
      bytes: `${Math.round(samplesPerSecond(workload))} samples/s x ${bytesPerSample} B x ${Math.round(retention.mimir / day)} d, ${sizing.replicationFactor} copies of the last ${uncompactedSeconds / 3600} h${retention.aggregates > 0 ? `, aggregates for ${Math.round(retention.aggregates / day)} d` : ""}`,
      putsPerMonth: `${pods("ingester")} ingesters ship ${objectsPerBlock} objects every 2 h, ${compactionsPerDay} compactions a day and shard, a look at the index every ${syncSeconds / 60} min`,
      getsPerMonth: `${storedQueries * 100} % of queries read ${rangesPerQuery} ranges each; the rest is compaction and looking`,
    },
  };
}
