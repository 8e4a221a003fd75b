import { formatBytes, formatCount, GiB, KiB, MiB, sized, type WorkloadSize } from "../../../lib/sizing/index.ts";
import type { KeptSpans } from "../capacity.ts";
import type { JaegerStorage } from "./config.ts";

/** Resident memory of an idle Jaeger: 52 to 87 MiB (measured, Jaeger 2.14). */
export const idleBytes = 96 * MiB;
/**
 * Badger: memtables of 64 MiB each and block cache, 324 MiB of heap at 12 k spans/s (measured, Jaeger 2.14). Search: batches
 * on their way to the search engine (estimate).
 */
const storeBytes = { badger: 384 * MiB, search: 128 * MiB } as const;
/** CPU of an idle Jaeger (measured, Jaeger 2.14). */
const idleCores = 0.02;
/** Spans/s per core: 14.7 k written to badger (measured, Jaeger 2.14), halved for queries and compaction. No published figure exists. */
const spansPerCore = 7_000;
/** Bytes per span in badger, index included: 450 B with eight attributes (measured, Jaeger 2.14), plus 40 % of garbage between compactions. */
const badgerBytesPerSpan = 640;
/** Disk of an empty badger: a value log of 2 GiB and memtables are preallocated. */
const badgerSpareDisk = 4 * GiB;
/** Cores per pod with a search engine; beyond it, replicas are added. A choice; no published figure exists. */
const coresPerReplica = 2;
/** Largest volume for badger: compaction rewrites much of it. A choice; no published figure exists. */
export const badgerMaxDisk = 1024 * GiB;

/** Sizes Jaeger: exactly one pod with badger, otherwise as many as the load needs. */
export function sizeJaeger(kept: KeptSpans, storage: JaegerStorage["kind"]): WorkloadSize {
  const { spansPerSecond, retentionSeconds } = kept;
  if (storage === "badger") {
    const stored = spansPerSecond * retentionSeconds * badgerBytesPerSpan;
    return sized(
      {
        replicas: 1,
        cpuCores: idleCores + spansPerSecond / spansPerCore,
        memoryBytes: (idleBytes + storeBytes.badger + spansPerSecond * 30 * KiB) / 0.8,
        diskBytes: badgerSpareDisk + stored / 0.8,
      },
      {
        replicas: "badger is embedded in one process",
        cpuCores: `${idleCores} idle, ${formatCount(spansPerSecond)} kept spans/s at ${spansPerCore} per core`,
        memoryBytes: `${formatBytes(idleBytes)} idle, ${formatBytes(storeBytes.badger)} for badger, 30 s of spans, plus 20 % above the soft limit`,
        diskBytes: `${formatCount(spansPerSecond)} kept spans/s for ${Math.round(retentionSeconds / 3600)} h at ${formatBytes(badgerBytesPerSpan)} each, filled to 80 %, and ${formatBytes(badgerSpareDisk)} that badger allocates ahead`,
      },
    );
  }
  const floor = kept.availability === "single" ? 1 : 2;
  const replicas = Math.max(floor, Math.ceil(spansPerSecond / (spansPerCore * coresPerReplica)));
  const each = spansPerSecond / replicas;
  return sized(
    {
      replicas,
      cpuCores: idleCores + each / spansPerCore,
      memoryBytes: (idleBytes + storeBytes.search + each * 30 * KiB) / 0.8,
    },
    {
      replicas: `${formatCount(spansPerSecond)} kept spans/s at ${spansPerCore} per core, ${coresPerReplica} cores per pod; at least ${floor}`,
      cpuCores: `${idleCores} idle, ${formatCount(each)} spans/s at ${spansPerCore} per core`,
      memoryBytes: `${formatBytes(idleBytes)} idle, ${formatBytes(storeBytes.search)} of batches, 30 s of spans, plus 20 % above the soft limit`,
    },
  );
}
