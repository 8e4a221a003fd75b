import {
  formatBytes,
  formatCount,
  MiB,
  type ObjectStorageUse,
  secondsPerMonth,
  type Workload,
} from "../../lib/sizing/index.ts";
import { logStreams } from "./limits.ts";

/**
 * Compression ratio with snappy: the low end of 5 to 10 in Loki's configuration guide.
 * @see https://grafana.com/docs/loki/v3.7.x/configure/bp-configure/
 */
export const compressionRatio = 5;
/** Index size per chunk size: tens of bytes per chunk, and the labels of each stream. An estimate; no published figure exists. */
export const indexShare = 0.01;
/** Copies of a chunk after deduplication: replicas cut most, but not all, chunks alike. An estimate. */
const copies = 1.2;
/** `chunk_target_size`, Loki's default. */
export const chunkBytes = 1.5 * MiB;
/** `max_chunk_age`, Loki's default: a chunk is flushed after two hours, full or not. */
export const maxChunkAgeSeconds = 7_200;
/** Index uploads per second: about one per minute. */
const indexPutsPerSecond = 1 / 60;
/** Fraction of chunks that are read again: dashboards mostly show the last hour, which ingesters still hold. An estimate. */
const readShare = 0.5;

/** Bytes that Loki keeps in its bucket, and requests per month. @param retentionSeconds how long logs are kept */
export function lokiBucketUsage(workload: Workload, retentionSeconds: number): ObjectStorageUse {
  const storedPerSecond = (workload.logBytesPerDay / 86_400 / compressionRatio) * copies;
  const fullChunks = storedPerSecond / chunkBytes;
  const agedChunks = logStreams(workload) / maxChunkAgeSeconds;
  const chunksPerSecond = Math.max(fullChunks, agedChunks);
  return {
    bytes: Math.ceil(storedPerSecond * retentionSeconds * (1 + indexShare)),
    putsPerMonth: Math.ceil((chunksPerSecond + indexPutsPerSecond) * secondsPerMonth),
    getsPerMonth: Math.ceil(chunksPerSecond * readShare * secondsPerMonth),
    reasons: {
      bytes: `${formatBytes(workload.logBytesPerDay)} per day / ${compressionRatio} (snappy) x ${copies} copies, ${indexShare * 100} % index, kept ${Math.round(retentionSeconds / 86_400)} d`,
      putsPerMonth: `${formatCount(chunksPerSecond)} chunks/s: full ones of ${formatBytes(chunkBytes)}, or one per stream every two hours`,
      getsPerMonth: `${readShare * 100} % of the chunks are read once`,
    },
  };
}
