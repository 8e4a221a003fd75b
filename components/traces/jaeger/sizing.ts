import { formatBytes, formatCount, GiB, KiB, MiB, sized, type WorkloadSize } from "../../../lib/sizing/index.ts";
import type { KeptSpans } from "../kept-spans.ts";
import type { JaegerStorage } from "./config.ts";

/** Resident size of an idle Jaeger: 52 to 87 MiB measured. */
const idleBytes = 96 * MiB;
/**
 * Badger's memtables (64 MiB each) and block cache: 324 MiB of heap measured while it took 12 k spans/s. The batches on
 * their way to a search engine.
 */
const storeBytes = { badger: 384 * MiB, search: 128 * MiB } as const;
/** CPU of an idle Jaeger. */
const idleCores = 0.02;
/** Spans a second that one core takes in and writes: 14.7 k measured on badger, halved for queries and compaction. */
const spansPerCore = 7_000;
/** A span in badger, index included: 450 B measured with eight attributes, and as much again half for what compaction left. */
const badgerBytesPerSpan = 640;
/** Badger before anything is in it: a value log of 2 GiB and memtables are allocated ahead. */
const badgerSpareDisk = 4 * GiB;
/** One pod of the search form takes this share of the load at most before another is better. */
const coresPerReplica = 2;
/** The largest disk that one badger is given: a compaction rewrites a good part of it. */
export const badgerLargestDisk = 1024 * GiB;

/** Computes Jaeger's pods: exactly one where it keeps spans itself, else as many as the load needs. */
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
        replicas: "badger is one process's own store",
        cpuCores: `${idleCores} idle, ${formatCount(spansPerSecond)} kept spans/s at ${spansPerCore} a core`,
        memoryBytes: `${formatBytes(idleBytes)} idle, ${formatBytes(storeBytes.badger)} for badger, 30 s of spans, and 20 % above the soft limit`,
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
      replicas: `${formatCount(spansPerSecond)} kept spans/s at ${spansPerCore} a core, ${coresPerReplica} cores a pod; at least ${floor}`,
      cpuCores: `${idleCores} idle, ${formatCount(each)} spans/s at ${spansPerCore} a core`,
      memoryBytes: `${formatBytes(idleBytes)} idle, ${formatBytes(storeBytes.search)} of batches, 30 s of spans, and 20 % above the soft limit`,
    },
  );
}
