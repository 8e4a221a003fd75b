import {
  formatBytes,
  formatCount,
  MiB,
  type ObjectStorageUse,
  secondsPerMonth,
  type Workload,
} from "../../lib/sizing/index.ts";
import { logStreams } from "./limits.ts";

/** Raw bytes to stored bytes with snappy: the low end of the 5 to 10 that Loki's configuration guide names. */
export const compressionRatio = 5;
/** The index beside the chunks: a reference of tens of bytes to each chunk, and the labels of each stream. */
export const indexShare = 0.01;
/** Copies of a chunk that survive deduplication: replicas cut most chunks alike, not all. */
const copies = 1.2;
/** `chunk_target_size`: a full chunk. */
export const chunkBytes = 1.5 * MiB;
/** `max_chunk_age`: a chunk is written after two hours, full or not. */
export const maxChunkAgeSeconds = 7_200;
/** Ingesters upload a table's index once a minute or so, the compactor once every ten: writes a second of each replica. */
const indexPutsPerSecond = 1 / 60;
/** Share of what is written that is read again: dashboards look at the last hour, which ingesters still hold. */
const readShare = 0.5;

/** Computes what Loki keeps in object storage. @param retentionSeconds how long logs are kept */
export function lokiObjectStorage(workload: Workload, retentionSeconds: number): ObjectStorageUse {
  const storedPerSecond = (workload.logBytesPerDay / 86_400 / compressionRatio) * copies;
  const fullChunks = storedPerSecond / chunkBytes;
  const agedChunks = logStreams(workload) / maxChunkAgeSeconds;
  const chunksPerSecond = Math.max(fullChunks, agedChunks);
  return {
    bytes: Math.ceil(storedPerSecond * retentionSeconds * (1 + indexShare)),
    putsPerMonth: Math.ceil((chunksPerSecond + indexPutsPerSecond) * secondsPerMonth),
    getsPerMonth: Math.ceil(chunksPerSecond * readShare * secondsPerMonth),
    reasons: {
      bytes: `${formatBytes(workload.logBytesPerDay)} a day / ${compressionRatio} (snappy) x ${copies} copies, ${indexShare * 100} % index, kept ${Math.round(retentionSeconds / 86_400)} d`,
      putsPerMonth: `${formatCount(chunksPerSecond)} chunks/s: full ones of ${formatBytes(chunkBytes)}, or one a stream every two hours`,
      getsPerMonth: `${readShare * 100} % of the chunks are read once`,
    },
  };
}
