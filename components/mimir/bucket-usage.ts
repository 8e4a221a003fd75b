import { type ObjectStorageUse, samplesPerSecond, secondsPerMonth } from "../../lib/sizing/index.ts";
import type { MimirLoad } from "./capacity.ts";
import { deletionDelaySeconds } from "./config.ts";
import { compactorShards } from "./limits.ts";
import { aggregateSeconds, aggregateSeries } from "./monitoring/aggregates.ts";

const day = 86_400;

/**
 * Bytes per sample in a compacted block, index and chunks. Prometheus' documentation names 1 to 2.
 * @see https://prometheus.io/docs/prometheus/3.15/storage/#operational-aspects
 */
const bytesPerSample = 2;
/** Seconds until duplicate samples of replicated ingesters are merged: the compactor's first block ranges are 2 h and 12 h. */
const uncompactedSeconds = 12 * 3600;
/** Ingesters ship a block every two hours. */
const blockSeconds = 2 * 3600;
/** Objects per block: meta.json, index, and at least one chunks file. */
const objectsPerBlock = 3;
/** Compactions per day and shard: twelve of 2 h blocks, two of 12 h, one of 24 h. */
const compactionsPerDay = 15;
/** Blocks that one compaction reads: the copies of three ingesters. */
const blocksPerCompaction = 3;
/** Fraction of queries that reach the store-gateways, as the planning page assumes ({@link file://./capacity.ts}). */
const storedQueries = 0.1;
/** Index and chunk ranges that such a query reads past the caches. An estimate; no published figure exists. */
const rangesPerQuery = 20;
/** Seconds between two bucket index updates, and between two bucket syncs of a store-gateway: Mimir's defaults. */
const syncSeconds = 900;

/** Bytes of all blocks once the retention period is full, in a bucket or on a volume. */
export function blockBytes({ workload, retention, availability }: MimirLoad): number {
  const rate = samplesPerSecond(workload) * bytesPerSample;
  const copies = availability === "redundant" ? 3 : 1;
  const aggregateRate = (aggregateSeries(workload) / aggregateSeconds) * bytesPerSample;
  const aggregates = retention.aggregates > 0 ? aggregateRate * (retention.aggregates + deletionDelaySeconds) : 0;
  const series = rate * (retention.mimir + deletionDelaySeconds + uncompactedSeconds * (copies - 1));
  return Math.ceil(series + aggregates);
}

/** Object requests per archived object: copied, listed twice and hashed. */
const archiveRequests = 4;

/** Bytes of the archive once its period is full: one copy of every compacted block, those of the aggregates included. */
export function archiveUsage({ workload, retention }: MimirLoad): ObjectStorageUse {
  const aggregates = retention.aggregates > 0 ? aggregateSeries(workload) / aggregateSeconds : 0;
  const rate = (samplesPerSecond(workload) + aggregates) * bytesPerSample;
  const tenants = retention.aggregates > 0 ? 2 : 1;
  const objects = Math.max(1, compactorShards(workload.activeSeries)) * objectsPerBlock * tenants;
  const perMonth = Math.ceil((objects * archiveRequests * secondsPerMonth) / day);
  return {
    bytes: Math.ceil(rate * retention.archive),
    putsPerMonth: perMonth,
    getsPerMonth: perMonth,
    reasons: {
      bytes: `archive: ${Math.round(rate / bytesPerSample)} samples/s x ${bytesPerSample} B x ${Math.round(retention.archive / day)} d`,
      putsPerMonth: `archive: ${objects} objects per day, each copied and listed`,
      getsPerMonth: `archive: ${objects} objects per day, each hashed once`,
    },
  };
}

/**
 * Bytes that Mimir keeps in its bucket, and requests per month.
 * @param pods replicas that ship blocks, and replicas that sync them
 */
export function mimirBucketUsage(
  load: MimirLoad,
  pods: { readonly ingesters: number; readonly storeGateways: number },
): ObjectStorageUse {
  const { workload, retention, availability } = load;
  const copies = availability === "redundant" ? 3 : 1;
  const shards = Math.max(1, compactorShards(workload.activeSeries));
  const shipped = (pods.ingesters * secondsPerMonth) / blockSeconds;
  const compacted = (compactionsPerDay * shards * secondsPerMonth) / day;
  const syncs = ((1 + pods.storeGateways) * secondsPerMonth) / syncSeconds;
  const queried = workload.queriesPerSecond * storedQueries * rangesPerQuery * secondsPerMonth;
  return {
    bytes: blockBytes(load),
    putsPerMonth: Math.ceil((shipped + compacted) * objectsPerBlock + syncs),
    getsPerMonth: Math.ceil(compacted * blocksPerCompaction * objectsPerBlock + syncs + queried),
    reasons: {
      bytes: `${Math.round(samplesPerSecond(workload))} samples/s x ${bytesPerSample} B x ${Math.round(retention.mimir / day)} d, ${copies} copies of the last ${uncompactedSeconds / 3600} h${retention.aggregates > 0 ? `, aggregates for ${Math.round(retention.aggregates / day)} d` : ""}`,
      putsPerMonth: `${pods.ingesters} ingesters ship ${objectsPerBlock} objects every 2 h, ${compactionsPerDay} compactions per day and shard, one index update every ${syncSeconds / 60} min`,
      getsPerMonth: `${storedQueries * 100} % of queries read ${rangesPerQuery} ranges each, plus compaction and bucket syncs`,
    },
  };
}
