import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import { type Finding, formatBytes, formatDuration, type WorkloadSize } from "../../lib/sizing/index.ts";
import type { StreamRetention } from "./config.ts";
import { logql } from "./monitoring/log-rules.ts";
import { type LokiSizing, monolithicBytesPerDay } from "./sizing.ts";

/** What the checks look at. */
export interface CheckedLoki {
  readonly sizing: LokiSizing;
  readonly retentionSeconds: number;
  readonly logBytesPerDay: number;
  readonly objectStore: ObjectStore;
  readonly streamRetention?: readonly StreamRetention[];
  /** Days after which the bucket's lifecycle deletes objects. @default none: it deletes nothing */
  readonly lifecycleSeconds?: number;
}

/** Shorter retentions are accepted, and never applied: Loki deletes by the day's index table. */
const shortestRetention = 86_400;
/** `retention_delete_delay`: chunks are deleted this long after the index forgot them. */
const deletionDelaySeconds = 7_200;

/**
 * What `loki -verify-config` accepts and should not: a retention below 24 h, several replicas on their own disks, a disk
 * too small for what it must keep, a single process far beyond its load, a bucket that deletes before Loki does.
 */
export function checkLoki(loki: CheckedLoki): Finding[] {
  return [...checkRetention(loki), ...checkStorage(loki), ...checkMode(loki)];
}

function checkRetention({ retentionSeconds, streamRetention = [], lifecycleSeconds }: CheckedLoki): Finding[] {
  const findings: Finding[] = [];
  const tooShort = (at: string, found: number) =>
    findings.push({
      code: "SKP1212",
      at,
      message: `${formatDuration(found, "h")} is below the 24 h of one index table: Loki accepts it and deletes nothing`,
      fix: "24h",
    });
  if (retentionSeconds < shortestRetention) tooShort("retention.loki", retentionSeconds);
  streamRetention.forEach(({ selector, retention }, index) => {
    const at = `streamRetention[${index}]`;
    if (retention < shortestRetention) tooShort(`${at}.retention`, retention);
    const error = selectorError(selector);
    if (error) {
      findings.push({ code: "SKP1212", at: `${at}.selector`, message: error, fix: '{namespace="dev"}' });
    }
  });
  const longest = Math.max(retentionSeconds, ...streamRetention.map(({ retention }) => retention));
  if (lifecycleSeconds !== undefined && lifecycleSeconds <= longest + deletionDelaySeconds) {
    findings.push({
      code: "SKP1212",
      at: "objectStore.lifecycle",
      message: `the bucket deletes after ${formatDuration(lifecycleSeconds, "h")}, while Loki still refers to objects of up to ${formatDuration(longest + deletionDelaySeconds, "h")}`,
      fix: `more than ${formatDuration(longest + deletionDelaySeconds, "h")}, for the tenant's prefix alone, never index/`,
    });
  }
  return findings;
}

/** A stream selector is a LogQL query without a pipeline. */
function selectorError(selector: string): string | undefined {
  if (!/^\s*\{[^}]*\}\s*$/.test(selector)) return `${selector} is no stream selector`;
  try {
    logql(selector);
    return undefined;
  } catch (error) {
    return (error as SyntaxError).message;
  }
}

function checkStorage({ sizing, objectStore }: CheckedLoki): Finding[] {
  if (objectStore.kind !== "filesystem") return [];
  const pods = podsWithData(sizing);
  const replicas = pods.reduce((sum, { replicas }) => sum + replicas, 0);
  if (sizing.mode === "distributed" || replicas > 1) {
    return [
      {
        code: "SKP1211",
        at: "objectStore",
        message: `${sizing.mode} Loki with ${replicas} pods that hold data, each on its own disk: none finds the others' logs`,
        fix: "an object store that all pods share (s3, gcs, azure), or one replica of everything",
      },
    ];
  }
  const disk = pods[0]?.diskBytes ?? 0;
  if (disk >= sizing.objectStorage.bytes) return [];
  return [
    {
      code: "SKP1212",
      at: "sizing.loki.diskBytes",
      message: `${formatBytes(disk)} for ${formatBytes(sizing.objectStorage.bytes)} of logs over the retention`,
      fix: formatBytes(sizing.objectStorage.bytes / 0.8),
    },
  ];
}

function podsWithData(sizing: LokiSizing): readonly WorkloadSize[] {
  return sizing.mode === "monolithic" ? [sizing.loki] : [sizing.services.ingester];
}

function checkMode({ sizing, logBytesPerDay }: CheckedLoki): Finding[] {
  if (sizing.mode === "distributed" || logBytesPerDay <= monolithicBytesPerDay) return [];
  return [
    {
      code: "SKP1214",
      at: "sizing.mode",
      message: `${formatBytes(logBytesPerDay)} of logs a day in one process, which is advised for up to 20 GB`,
      fix: "distributed",
    },
  ];
}
