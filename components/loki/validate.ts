import { validateObjectStore } from "../../lib/kubernetes/index.ts";
import { type Finding, formatBytes, formatDuration } from "../../lib/sizing/index.ts";
import { monolithicBytesPerDay } from "./capacity.ts";
import { logql } from "./monitoring/log-rules.ts";
import { type LokiProps, lokiLoad, type ResolvedLokiProps, resolveLokiProps } from "./props.ts";
import { type LokiSizing, sizeLoki } from "./sizing.ts";

/** Shortest retention in seconds. Shorter ones are accepted but never applied, because Loki deletes whole daily index tables. */
const minRetention = 86_400;
/** `retention_delete_delay`, Loki's default: seconds between removing chunks from the index and deleting them. */
const deletionDelaySeconds = 7_200;
/** Tenant IDs that Loki accepts. @see https://grafana.com/docs/loki/v3.6.x/operations/multi-tenancy/ */
const tenantId = /^[A-Za-z0-9!\-_.*'()]{1,150}$/;

/**
 * Finds mistakes that Loki accepts at startup: a retention below 24 h, several replicas with a volume each, a volume that
 * is too small for the retention, a single process far beyond its load, a bucket lifecycle that deletes live data.
 */
export function validateLoki(props: LokiProps): readonly Finding[] {
  const resolved = resolveLokiProps(props);
  const sizing = props.sizing ?? sizeLoki(lokiLoad(resolved));
  return [
    ...validateRetention(resolved),
    ...validateTenant(resolved),
    ...validateStorage(resolved, sizing),
    ...validateMode(resolved, sizing),
    ...validateReplicas(sizing),
  ];
}

function validateRetention({ retention, streamRetention, bucketLifecycle }: ResolvedLokiProps): Finding[] {
  const findings: Finding[] = [];
  const tooShort = (at: string, found: number) =>
    findings.push({
      code: "SKP1221",
      at,
      message: `${formatDuration(found, "h")} is below the 24 h of one index table: Loki accepts it and deletes nothing`,
      fix: "24h",
    });
  if (retention.loki < minRetention) tooShort("retention.loki", retention.loki);
  streamRetention.forEach((stream, index) => {
    const at = `streamRetention[${index}]`;
    if (stream.retention < minRetention) tooShort(`${at}.retention`, stream.retention);
    const error = selectorError(stream.selector);
    if (error) {
      findings.push({ code: "SKP1232", at: `${at}.selector`, message: error, fix: '{namespace="dev"}' });
    }
  });
  const longest = Math.max(retention.loki, ...streamRetention.map((stream) => stream.retention)) + deletionDelaySeconds;
  if (bucketLifecycle !== undefined && bucketLifecycle <= longest) {
    findings.push({
      code: "SKP1223",
      at: "bucketLifecycle",
      message: `the bucket deletes objects after ${formatDuration(bucketLifecycle, "h")}, but Loki refers to them for up to ${formatDuration(longest, "h")}`,
      fix: `more than ${formatDuration(longest, "h")}, for the tenant's prefix only, never for index/`,
    });
  }
  return findings;
}

/** A stream selector is a LogQL query without a pipeline. */
function selectorError(selector: string): string | undefined {
  if (!/^\s*\{[^}]*\}\s*$/.test(selector)) return `${selector} is not a stream selector`;
  try {
    logql(selector);
    return undefined;
  } catch (error) {
    return (error as SyntaxError).message;
  }
}

function validateTenant({ tenant }: ResolvedLokiProps): Finding[] {
  if (tenantId.test(tenant) && tenant !== "." && tenant !== "..") return [];
  return [
    {
      code: "SKP1228",
      at: "tenant",
      message: `Loki rejects the tenant ID ${JSON.stringify(tenant)}`,
      fix: "letters, digits and !-_.*'(), at most 150 characters",
    },
  ];
}

function validateStorage(
  { namespace, objectStore, bucket }: ResolvedLokiProps,
  sizing: LokiSizing,
): readonly Finding[] {
  if (objectStore.kind !== "filesystem") return validateObjectStore(objectStore, bucket, namespace);
  const { replicas, diskBytes = 0 } = sizing.mode === "monolithic" ? sizing.loki : sizing.services.ingester;
  if (sizing.mode === "microservices" || replicas > 1) {
    return [
      {
        code: "SKP1211",
        at: "objectStore",
        message: `${sizing.mode} Loki with ${replicas} pods that hold data, each on its own volume: none can read the others' logs`,
        fix: "an object store that all pods share (s3, gcs, azure), or availability: single",
      },
    ];
  }
  if (diskBytes >= sizing.objectStorage.bytes) return [];
  return [
    {
      code: "SKP1231",
      at: "overrides.loki.diskBytes",
      message: `${formatBytes(diskBytes)} for ${formatBytes(sizing.objectStorage.bytes)} of logs over the retention period`,
      fix: formatBytes(sizing.objectStorage.bytes / 0.8),
    },
  ];
}

function validateMode({ workload }: ResolvedLokiProps, sizing: LokiSizing): Finding[] {
  if (sizing.mode === "microservices" || workload.logBytesPerDay <= monolithicBytesPerDay) return [];
  return [
    {
      code: "SKP1214",
      at: "mode",
      message: `${formatBytes(workload.logBytesPerDay)} of logs per day in a single process, which is advised for up to 20 GB`,
      fix: "microservices",
    },
  ];
}

function validateReplicas(sizing: LokiSizing): Finding[] {
  const monolithic = sizing.mode === "monolithic";
  const { replicas } = monolithic ? sizing.loki : sizing.services.ingester;
  const at = `overrides.${monolithic ? "loki" : "ingester"}.replicas`;
  const factor = sizing.replicationFactor;
  if (replicas < factor) {
    return [
      {
        code: "SKP1225",
        at,
        message: `${replicas} ingesters cannot hold ${factor} copies of a log line: every write would fail`,
        fix: `replicas: ${factor}`,
      },
    ];
  }
  if (monolithic || !sizing.zoneAware || replicas % 3 === 0) return [];
  return [
    {
      code: "SKP1227",
      at,
      message: `${replicas} replicas cannot be spread evenly over three zones`,
      fix: `replicas: ${Math.ceil(replicas / 3) * 3}`,
    },
  ];
}
