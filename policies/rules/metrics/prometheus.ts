import { z } from "zod";
import { objectRule } from "../../engine/kinds-of-rules.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { duration, quantity } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { endpointsOf, scrapersOf } from "../../engine/scraping.ts";
import { at, fields, isFields, items, number, text } from "../../engine/values.ts";

/** A retention size in bytes: the operator's `MB` and `MiB` are both binary. */
function sizeOf(value: unknown): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(B|[KMGTPE]i?B)$/.exec(text(value) ?? "") ?? [];
  return digits === undefined ? undefined : quantity(unit === "B" ? digits : `${digits}${(unit as string)[0]}i`);
}

const retentionSize = objectRule(
  {
    id: "metrics/retention-size",
    kinds: ["Prometheus"],
    title: "Prometheus deletes blocks before its volume is full",
    severity: "error",
    why: "With a time limit alone a rise in series fills the volume, and Prometheus cannot start again on a full disk. The size limit counts blocks only; the head, the WAL and a compaction need room beside it. https://prometheus.io/docs/prometheus/latest/storage/#right-sizing-retention-size",
    remedy: "Set `retentionSize` to at most 85 % of the volume.",
    parameters: z.object({ mostPercent: z.number().default(85).describe("Highest share of the volume, in percent.") }),
  },
  function* (prometheus, { parameters }) {
    const volume = quantity(
      at(prometheus.spec, "storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage"),
    );
    const path = ["spec", "retentionSize"];
    const size = sizeOf(prometheus.spec.retentionSize);
    if (volume === undefined) return;
    const wanted = `${Math.floor((volume * 0.8) / 1024 ** 2)}MiB`;
    if (size === undefined) {
      yield { message: "it has a volume and no retentionSize", path, fix: [set(path, wanted)] };
    } else if (size > (volume * parameters.mostPercent) / 100) {
      yield {
        message: `retentionSize is ${Math.round((size / volume) * 100)} % of the volume`,
        path,
        fix: [set(path, wanted)],
      };
    }
  },
);

const retentionTime = objectRule(
  {
    id: "metrics/retention-time",
    kinds: ["Prometheus"],
    title: "Prometheus states how long it keeps data",
    severity: "warning",
    why: "The operator's default is 24 h: with nothing stated, yesterday is gone.",
    remedy: "Set `retention`.",
  },
  function* (prometheus) {
    if (prometheus.spec.replicas === 0 || duration(prometheus.spec.retention) !== undefined) return;
    const path = ["spec", "retention"];
    yield {
      message: `its retention is ${text(prometheus.spec.retention) ?? "not stated"}`,
      path,
      fix: [set(path, "15d")],
    };
  },
);

const storage = objectRule(
  {
    id: "metrics/storage",
    kinds: ["Prometheus"],
    title: "Prometheus keeps its data on a volume",
    severity: "warning",
    why: "On an emptyDir every restart on another node loses all samples and the queue of remote write.",
    remedy: "Add `storage.volumeClaimTemplate`.",
  },
  function* (prometheus, { set: objects }) {
    // A development stack keeps nothing on purpose, and what has no pods keeps nothing at all.
    if (prometheus.spec.replicas === 0) return;
    if (isFields(at(prometheus.spec, "storage", "volumeClaimTemplate")) || objects.facts.availability === "single")
      return;
    const path = ["spec", "storage"];
    const claim = { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "50Gi" } } } };
    yield {
      message: "it has no volume",
      path,
      fix: [set([...path, "volumeClaimTemplate"], claim), set(["spec", "retentionSize"], "40GiB")],
    };
  },
);

const remoteWriteQueue = objectRule(
  {
    id: "metrics/remote-write-queue",
    kinds: ["Prometheus", "PrometheusAgent"],
    title: "Remote write states its queue, and the queue carries the sample rate",
    severity: "error",
    why: "Each shard sends one batch after the other. maxShards × maxSamplesPerSend per round trip has to exceed the sample rate, or the WAL is cut while samples still wait. A capacity below a few batches leaves shards idle between reads. https://prometheus.io/docs/practices/remote_write/",
    remedy: "State `capacity` (several times maxSamplesPerSend), `maxShards` and `maxSamplesPerSend`.",
    parameters: z.object({
      roundTripSeconds: z.number().default(0.5).describe("Time that one request takes, in seconds."),
      batches: z.number().default(3).describe("Batches that a shard's queue has to hold."),
    }),
  },
  function* (prometheus, { set: objects, parameters }) {
    const { activeSeries, scrapeIntervalSeconds } = objects.facts;
    const shards = number(prometheus.spec.shards) ?? 1;
    for (const [index, write] of items(prometheus.spec.remoteWrite)) {
      const path = ["spec", "remoteWrite", index, "queueConfig"];
      if (!isFields(write.queueConfig)) {
        const queue = { capacity: 10_000, maxSamplesPerSend: 2_000, maxShards: 50 };
        yield { message: "remote write has no queueConfig", path, fix: [set(path, queue)] };
        continue;
      }
      // Defaults of Prometheus 3.
      const batch = number(write.queueConfig.maxSamplesPerSend) ?? 2_000;
      const capacity = number(write.queueConfig.capacity) ?? 10_000;
      const most = number(write.queueConfig.maxShards) ?? 50;
      if (capacity < parameters.batches * batch) {
        const place = [...path, "capacity"];
        yield {
          message: `a shard's queue of ${capacity} samples holds ${(capacity / batch).toFixed(1)} batches of ${batch}`,
          path: place,
          fix: [set(place, 5 * batch)],
        };
      }
      if (activeSeries === undefined) continue;
      const rate = activeSeries / (scrapeIntervalSeconds ?? 30) / shards;
      if ((most * batch) / parameters.roundTripSeconds >= rate) continue;
      const place = [...path, "maxShards"];
      const wanted = Math.ceil((2 * rate * parameters.roundTripSeconds) / batch);
      yield {
        message: `${most} shards of ${batch} samples carry fewer than the ${Math.round(rate)} samples per second of the workload`,
        path: place,
        fix: [set(place, wanted)],
      };
    }
  },
);

const monitorLimits = objectRule(
  {
    id: "metrics/scrape-limits",
    kinds: ["ServiceMonitor", "PodMonitor"],
    title: "Every scrape has a sample and a label limit",
    severity: "warning",
    why: "One target with an unbounded label fills Prometheus' memory, with which all alerts are lost. A limit fails that one scrape instead.",
    remedy: "Set `sampleLimit` and `labelLimit` in the monitor, or for all of them in the Prometheus object.",
  },
  function* (monitor, { set: objects }) {
    const scrapers = scrapersOf(objects, monitor);
    for (const key of ["sampleLimit", "labelLimit"] as const) {
      const general =
        scrapers.length > 0 &&
        scrapers.every(
          ({ spec }) => (number(spec[key]) ?? number(spec[`enforced${key[0]?.toUpperCase()}${key.slice(1)}`]) ?? 0) > 0,
        );
      if ((number(monitor.spec[key]) ?? 0) > 0 || general) continue;
      yield {
        message: `it has no ${key}`,
        path: ["spec", key],
        fix: [set(["spec", key], key === "sampleLimit" ? 50_000 : 40)],
      };
    }
  },
);

const scrapeTimes = objectRule(
  {
    id: "metrics/scrape-timeout",
    kinds: ["ServiceMonitor", "PodMonitor", "Prometheus", "PrometheusAgent"],
    title: "A scrape times out before the next one is due",
    severity: "error",
    why: "The operator refuses a monitor whose timeout is longer than its interval, and its targets disappear.",
    remedy: "Make `scrapeTimeout` at most the interval.",
  },
  function* (object, { set: objects }) {
    if (object.kind.startsWith("Prometheus")) {
      const interval = duration(object.spec.scrapeInterval) ?? 30;
      const timeout = duration(object.spec.scrapeTimeout) ?? 10;
      const path = ["spec", "scrapeTimeout"];
      if (timeout > interval)
        yield {
          message: `a timeout of ${timeout} s at an interval of ${interval} s`,
          path,
          fix: [set(path, `${interval}s`)],
        };
      return;
    }
    const [scraper] = scrapersOf(objects, object);
    for (const endpoint of endpointsOf(object)) {
      const interval = duration(endpoint.fields.interval) ?? duration(scraper?.spec.scrapeInterval) ?? 30;
      // Where none is stated Prometheus shortens its own to the interval.
      const timeout = duration(endpoint.fields.scrapeTimeout);
      if (timeout === undefined || timeout <= interval) continue;
      const path = [...endpoint.path, "scrapeTimeout"];
      yield {
        message: `a timeout of ${timeout} s at an interval of ${interval} s`,
        path,
        fix: [set(path, `${interval}s`)],
      };
    }
  },
);

const haLabels = objectRule(
  {
    id: "metrics/ha-labels",
    kinds: ["Prometheus", "PrometheusAgent"],
    title: "Replicas that write to one store can be told apart, and shards are not taken for replicas",
    severity: "error",
    why: "Mimir keeps the samples of one replica per cluster label. Without a replica label every sample is stored twice or rejected. Where several shards share the cluster label, Mimir takes them for replicas of each other and drops all but one shard's samples. https://grafana.com/docs/mimir/latest/configure/configure-high-availability-deduplication/",
    remedy:
      "Give each replica a `__replica__` label and each shard a cluster label of its own, by write relabeling where the label must not reach the series.",
    parameters: z.object({
      replicaLabel: z.string().default("__replica__").describe("Mimir's `ha_replica_label`."),
      clusterLabel: z.string().default("cluster").describe("Mimir's `ha_cluster_label`."),
    }),
  },
  function* (prometheus, { set: objects, parameters }) {
    const replicas = number(prometheus.spec.replicas) ?? 1;
    const shards = number(prometheus.spec.shards) ?? 1;
    const deduplicated = haTrackers(objects);
    const { replicaLabel, clusterLabel } = deduplicated ?? parameters;
    for (const [index, write] of items(prometheus.spec.remoteWrite)) {
      const path = ["spec", "remoteWrite", index, "writeRelabelConfigs"];
      const relabels = items(write.writeRelabelConfigs).map(([, each]) => each);
      const sets = (label: string) =>
        relabels.find(
          (each) =>
            each.targetLabel === label && (each.action === undefined || /replace/i.test(text(each.action) ?? "")),
        );
      const external = fields(prometheus.spec.externalLabels);
      const replica =
        sets(replicaLabel) ?? (prometheus.spec.replicaExternalLabelName === replicaLabel ? {} : undefined);
      const byDefault = prometheus.spec.replicaExternalLabelName === undefined;
      const next = relabels.length;
      if (replicas > 1 && deduplicated && !replica) {
        const was = byDefault ? "prometheus_replica" : text(prometheus.spec.replicaExternalLabelName) || "none";
        yield {
          message: `its ${replicas} replicas write without the label ${replicaLabel} (theirs is ${was}), by which the store keeps one of them`,
          path,
          fix: [set([...path, next], { action: "replace", replacement: "$(POD_NAME)", targetLabel: replicaLabel })],
        };
      } else if (shards > 1 && deduplicated && replica) {
        const cluster = sets(clusterLabel);
        // Only what differs between shards tells them apart: $(SHARD), or the operator's own shard label.
        if (cluster && /\$\(SHARD\)/.test(text(cluster.replacement) ?? "")) continue;
        yield {
          message: `${shards} shards write with one value of ${clusterLabel} (${text(external[clusterLabel]) ?? "none"}): the store takes them for replicas and drops all but one shard`,
          path,
          fix: [
            set([...path, next], {
              action: "replace",
              replacement: `${text(external[clusterLabel]) ?? "cluster"}-$(SHARD)`,
              targetLabel: clusterLabel,
            }),
          ],
        };
      }
    }
  },
);

/** The HA labels of the Mimir of the set, where it deduplicates. */
function haTrackers(objects: ObjectSet): { readonly replicaLabel: string; readonly clusterLabel: string } | undefined {
  for (const object of objects.ofKind("ConfigMap")) {
    for (const { format, value } of objects.documents(object)) {
      const limits = fields(value.limits);
      if (format !== "mimir" || limits.accept_ha_samples !== true) continue;
      return {
        replicaLabel: text(limits.ha_replica_label) ?? "__replica__",
        clusterLabel: text(limits.ha_cluster_label) ?? "cluster",
      };
    }
  }
  return undefined;
}

/** Rules about Prometheus objects and monitors. */
export const prometheusRules: readonly Rule[] = [
  retentionSize,
  retentionTime,
  storage,
  remoteWriteQueue,
  monitorLimits,
  scrapeTimes,
  haLabels,
];
