import { batchItems, MiB, otlpMessageBytes } from "../sizing/index.ts";

/** Largest message that our receivers accept, in MiB. */
export const largestMessageMiB = otlpMessageBytes / MiB;

/** `batch`, the last processor of every pipeline. Collectors from 0.171 on batch in the exporter's queue instead. */
export const batch = { send_batch_size: 1_024, send_batch_max_size: batchItems, timeout: "1s" } as const;

/** Batches that a queue holds at least: as many as are sent at once, so that the queue is not full while all are under way. */
const leastBatches = 5;

/**
 * Seconds of telemetry that a queue holds while its destination is unavailable. A node that fails keeps its endpoints for 50 s:
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/ (node-monitor-grace-period, 1.36).
 */
export const queueSeconds = 60;

/** Heap of one queued item, in bytes: 1,580 measured with contrib 0.159 for a span with ten attributes; data points take less. */
const bytesPerQueuedItem = 1_600;

/** Bytes of the same on disk: protocol buffers with the resource of each batch. */
const bytesPerStoredItem = 600;

/** Where an exporter's queue is: on `disk` it outlives the process, and holds what cannot be sent for a quarter of an hour. */
export const queueStorages = ["memory", "disk"] as const;
export type QueueStorage = (typeof queueStorages)[number];

/** Seconds of telemetry that a queue on disk holds. */
export const diskQueueSeconds = 15 * 60;

/** Items of the least that a queue holds. */
const leastItems = leastBatches * batchItems;

/** Items that each of a collector's queues holds. @param itemsPerSecond rate of the busiest signal */
export function queueItems(itemsPerSecond: number, storage: QueueStorage = "memory"): number {
  return Math.max(leastItems, Math.ceil(itemsPerSecond * (storage === "disk" ? diskQueueSeconds : queueSeconds)));
}

/** Memory of full queues, in bytes. Of queues on disk, only what is being sent is in memory. */
export function queueBytes(queues: number, items: number, storage: QueueStorage = "memory"): number {
  return queues * (storage === "disk" ? leastItems : items) * bytesPerQueuedItem;
}

/** Disk of full queues, in bytes: twice their items, since a file is compacted into a second one. */
export const queueDiskBytes = (queues: number, items: number): number => 2 * queues * items * bytesPerStoredItem;

/** Why queues take the memory that they take, for people. */
export function queueReason(queues: number, items: number, storage: QueueStorage = "memory"): string {
  const memory = `${Math.ceil(queueBytes(queues, items, storage) / MiB)} MiB`;
  const what = `${queues} ${queues === 1 ? "queue" : "queues"} of ${items} items`;
  return storage === "disk" ? `${what} on disk, ${memory} of which are being sent` : `${what} (${memory})`;
}

/** Five minutes of retries: longer outages are the queue's, or are lost and counted. */
const retry = {
  enabled: true,
  initial_interval: "1s",
  max_interval: "30s",
  max_elapsed_time: "300s",
} as const;

/**
 * Queue and retries of an exporter. The queue counts spans, data points or log records rather than requests of unknown size. One
 * on disk is retried until it is full: it outlives restarts, and so may outages.
 */
export function queued(items: number, storage: QueueStorage = "memory"): object {
  const queue = { enabled: true, sizer: "items", queue_size: items, num_consumers: leastBatches };
  if (storage === "memory") return { sending_queue: queue, retry_on_failure: retry };
  return {
    sending_queue: { ...queue, storage: "file_storage" },
    retry_on_failure: { ...retry, max_elapsed_time: "0s" },
  };
}

/** Folder of queues on disk. */
export const queueFolder = "/var/lib/otelcol";

/**
 * Queues on disk. `fsync` stays off: a queue outlives the process, and what the kernel has not written is lost with the node only.
 */
export const fileStorage = {
  file_storage: { directory: queueFolder, timeout: "1s", compaction: { on_start: true, directory: queueFolder } },
} as const;

/**
 * Neither queue nor retries: the exporters inside a load balancer. What they cannot send goes back to the balancer, which sends
 * it to the gateway that is responsible by then. A queue of theirs would be lost with the gateway that it is for.
 */
export const unqueued = { sending_queue: { enabled: false }, retry_on_failure: { enabled: false } } as const;
