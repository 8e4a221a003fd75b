import { expectedOfLoki, lokiLimit } from "../../lib/formats/index.ts";
import {
  validateObjectStore,
  validateOptions,
  validateTenantLimits,
  type Workloads,
  workloadFacts,
} from "../../lib/kubernetes/index.ts";
import {
  alreadyExists,
  type Finding,
  fewReplicas,
  formatBytes,
  formatDuration,
  GiB,
  MiB,
  overload,
  removeItem,
  separateDisks,
  shortRetention,
  unevenZones,
  validateLifecycle,
  validateProps,
  validateWorkload,
} from "../../lib/sizing/index.ts";
import { monolithicBytesPerDay } from "./capacity.ts";
import { type LokiProps, lokiLoad, type ResolvedLokiProps, resolveLokiProps } from "./props.ts";
import { longestRetention, maxQueryLength, rangesOf } from "./query-length.ts";
import { lokiShape } from "./shape.ts";
import { idleBytes, type LokiSizing, sizeLoki } from "./sizing.ts";

/** Shortest retention in seconds. Shorter ones are accepted but never applied, because Loki deletes whole daily index tables. */
const minRetention = 86_400;
/** `retention_delete_delay`, Loki's default: seconds between removing chunks from the index and deleting them. */
const deletionDelaySeconds = 7_200;

/**
 * Finds mistakes that Loki accepts at startup: a retention below 24 h, several replicas with a volume each, a volume that
 * is too small for the retention, a single process far beyond its load, a bucket lifecycle that deletes live data.
 */
export function validateLoki(props: LokiProps): readonly Finding[] {
  return validateProps(props, lokiShape, () => combinations(props));
}

function combinations(props: LokiProps): readonly Finding[] {
  const resolved = resolveLokiProps(props);
  const amounts = validateWorkload(resolved.workload);
  // Sizes computed from invalid numbers would only add misleading findings.
  if (amounts.length > 0) return amounts;
  const sizing = sizeLoki(lokiLoad(resolved));
  return [
    ...repeatedGroups(resolved),
    ...longRanges(resolved),
    ...validateRetention(resolved),
    ...validateStorage(resolved, sizing),
    ...validateMode(resolved, sizing),
    ...validateReplicas(sizing),
    ...validateTenantLimits(resolved.tenants, lokiLimit, expectedOfLoki),
    ...validateOptions(props, workloadsOf(sizing)),
  ];
}

/** Groups of one file need different names. */
function repeatedGroups({ logAlerts, additionalAlerts }: ResolvedLokiProps): readonly Finding[] {
  const names = [...logAlerts, ...additionalAlerts].map(({ name }) => name);
  return additionalAlerts.flatMap(({ name }, index) =>
    names.indexOf(name) === logAlerts.length + index
      ? []
      : [alreadyExists(`additionalAlerts[${index}]`, `group ${name}`, removeItem(index))],
  );
}

/** Ranges beyond the longest query: the ruler would load the alert, and fail to evaluate it. */
function longRanges(props: ResolvedLokiProps): readonly Finding[] {
  const most = maxQueryLength(longestRetention(props));
  return props.additionalAlerts.flatMap(({ rules }, group) =>
    rules.flatMap(({ expr }, rule) =>
      rangesOf(expr)
        .filter(({ seconds }) => seconds > most)
        .map(({ text }) =>
          overload(
            `additionalAlerts[${group}].rules[${rule}].expr`,
            text,
            `Loki queries at most ${formatDuration(most, "h")} at once, the retention and an hour`,
            JSON.stringify(expr.replaceAll(text, `[${formatDuration(most, "h")}]`)),
          ),
        ),
    ),
  );
}

/** Memory of an idle process of one service: the least that was measured for all of them in one process (Loki 3.7). */
const idleServiceBytes = 109 * MiB;

function workloadsOf(sizing: LokiSizing): Workloads {
  if (sizing.mode === "monolithic") return { main: { size: sizing.loki, idleBytes } };
  const single = { compactor: "two compactors would delete concurrently" };
  return { others: workloadFacts(sizing.services, idleServiceBytes, single) };
}

function validateRetention(props: ResolvedLokiProps): Finding[] {
  const { retention, streamRetention, bucketLifecycle } = props;
  const findings: Finding[] = [];
  const tooShort = (at: string, found: number) =>
    findings.push(shortRetention(at, found, minRetention, "Loki deletes whole index tables of one day"));
  if (retention.loki < minRetention) tooShort("retention.loki", retention.loki);
  streamRetention.forEach((stream, index) => {
    if (stream.retention < minRetention) tooShort(`streamRetention[${index}].retention`, stream.retention);
  });
  const longest = longestRetention(props) + deletionDelaySeconds;
  return [...findings, ...validateLifecycle("Loki", bucketLifecycle, longest)];
}

function validateStorage({ namespace, objectStore }: ResolvedLokiProps, sizing: LokiSizing): readonly Finding[] {
  if (objectStore.kind !== "filesystem") return validateObjectStore(objectStore, namespace);
  const { replicas, diskBytes = 0 } = sizing.mode === "monolithic" ? sizing.loki : sizing.services.ingester;
  if (sizing.mode === "microservices" || replicas > 1) {
    return [separateDisks(`the ${replicas} pods of ${sizing.mode} Loki`)];
  }
  if (diskBytes >= sizing.objectStorage.bytes) return [];
  return [
    {
      code: "SKP1231",
      at: "disk",
      message: `${formatBytes(diskBytes)} for ${formatBytes(sizing.objectStorage.bytes)} of logs over the retention period`,
      fix: `${Math.ceil(sizing.objectStorage.bytes / 0.8 / GiB)}Gi`,
    },
  ];
}

function validateMode({ workload }: ResolvedLokiProps, sizing: LokiSizing): Finding[] {
  if (sizing.mode === "microservices" || workload.logBytesPerDay <= monolithicBytesPerDay) return [];
  return [
    overload(
      "mode",
      `${formatBytes(workload.logBytesPerDay)} of logs per day`,
      "a single process is advised for up to 20 GB",
      "microservices",
    ),
  ];
}

function validateReplicas(sizing: LokiSizing): Finding[] {
  const monolithic = sizing.mode === "monolithic";
  const { replicas } = monolithic ? sizing.loki : sizing.services.ingester;
  const at = monolithic ? "replicas" : "workloads.ingester.replicas";
  const factor = sizing.replicationFactor;
  if (replicas < factor) {
    return [fewReplicas(at, `${replicas} ingesters`, factor, "log line")];
  }
  if (monolithic || !sizing.zoneAware || replicas % 3 === 0) return [];
  return [unevenZones(at, replicas)];
}
