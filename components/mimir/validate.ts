import { expectedOfMimir, formatPlace, mimirLimit } from "../../lib/formats/index.ts";
import {
  validateObjectStore,
  validateOptions,
  validateTenantLimits,
  type Workloads,
  workloadFacts,
} from "../../lib/kubernetes/index.ts";
import {
  type Finding,
  fewReplicas,
  formatCount,
  formatDuration,
  MiB,
  overload,
  renameKey,
  separateDisks,
  shortRetention,
  unevenZones,
  validateLifecycle,
  validateProps,
  validateWorkload,
} from "../../lib/sizing/index.ts";
import { settleHours } from "./archive/scripts.ts";
import { shapes } from "./capacity.ts";
import { deletionDelaySeconds } from "./config.ts";
import { restoredTenant } from "./limits.ts";
import { longTermTenant } from "./monitoring/aggregates.ts";
import { maxSeriesPerIngester } from "./monitoring/store-alerts.ts";
import { type MimirProps, mimirLoad, type ResolvedMimirProps, resolveMimirProps } from "./props.ts";
import { mimirShape } from "./shape.ts";
import { idleBytes, type MimirSizing, sizeMimir } from "./sizing.ts";

/** Shortest retention in seconds: blocks are two hours long and queries read the last 12 h from ingesters. */
const minRetention = 13 * 3600;

/**
 * Finds mistakes that Mimir accepts at startup: copies without a replica to hold them, a bucket without a name or with a
 * lifecycle that deletes live blocks, several pods with a volume each, invalid tenants, limits below the workload.
 */
export function validateMimir(props: MimirProps): readonly Finding[] {
  return validateProps(props, mimirShape, () => combinations(props));
}

function combinations(props: MimirProps): readonly Finding[] {
  const resolved = resolveMimirProps(props);
  const amounts = validateWorkload(resolved.workload);
  // Sizes computed from invalid numbers would only add misleading findings.
  if (amounts.length > 0) return amounts;
  const sizing = sizeMimir(mimirLoad(resolved));
  return [
    ...validateStorage(resolved, sizing),
    ...validateReplicas(resolved, sizing),
    ...validateZones(resolved, sizing),
    ...validateRetention(resolved),
    ...validateArchive(resolved),
    ...validateTenants(resolved),
    ...validateTenantLimits(resolved.tenants, mimirLimit, expectedOfMimir),
    ...validateOptions(props, workloadsOf(sizing)),
  ];
}

/** Memory of an idle process of one service: 86 to 112 MiB resident (measured, Mimir 3.2). */
const idleServiceBytes = 112 * MiB;
/** Memory of a memcached without items: its hash table and its connections' buffers. An assumption. */
const idleCacheBytes = 32 * MiB;

function workloadsOf(sizing: MimirSizing): Workloads {
  if (sizing.mode === "monolithic") return { main: { size: sizing.mimir, idleBytes } };
  const single = { "overrides-exporter": "every pod would export the same limits" };
  const services = workloadFacts(sizing.services, idleServiceBytes, single);
  return { others: { ...services, ...workloadFacts(sizing.caches ?? {}, idleCacheBytes) } };
}

function validateStorage({ namespace, objectStore }: ResolvedMimirProps, sizing: MimirSizing): readonly Finding[] {
  const pods = sizing.mode === "monolithic" ? sizing.mimir.replicas : undefined;
  if (objectStore.kind !== "filesystem" || pods === 1) return validateObjectStore(objectStore, namespace);
  return [separateDisks(`${pods ?? "separate"} Mimir pods`)];
}

function validateReplicas({ workload }: ResolvedMimirProps, sizing: MimirSizing): Finding[] {
  const monolithic = sizing.mode === "monolithic";
  const ingesters = monolithic ? sizing.mimir : sizing.services.ingester;
  const at = monolithic ? "replicas" : "workloads.ingester.replicas";
  const factor = sizing.replicationFactor;
  if (ingesters.replicas < factor) {
    return [fewReplicas(at, `${ingesters.replicas} ingesters`, factor, "series")];
  }
  if (!monolithic && sizing.services["store-gateway"].replicas < factor) {
    const found = `${sizing.services["store-gateway"].replicas} store-gateways`;
    return [fewReplicas("workloads.store-gateway.replicas", found, factor, "block")];
  }
  const each = (workload.activeSeries * factor) / ingesters.replicas;
  if (each <= maxSeriesPerIngester) return [];
  return [
    overload(
      at,
      `${formatCount(each)} series per ingester`,
      `an ingester is meant to hold up to ${formatCount(maxSeriesPerIngester)}`,
      String(Math.ceil((workload.activeSeries * factor) / shapes.ingester.unit / factor) * factor),
    ),
  ];
}

function validateZones({ cluster }: ResolvedMimirProps, sizing: MimirSizing): Finding[] {
  if (sizing.mode !== "microservices" || !sizing.zoneAware) return [];
  const findings: Finding[] = [];
  const zones = cluster?.zones?.length ?? 0;
  if (zones === 1 || zones === 2) {
    findings.push({
      code: "SKP1226",
      at: "cluster.zones",
      message: `three copies need three zones, but ${zones} are named: two copies would share a zone`,
      fix: "# name three zones, or remove the key: copies are then spread over nodes",
    });
  }
  for (const service of ["ingester", "store-gateway"] as const) {
    const { replicas } = sizing.services[service];
    if (replicas % 3 !== 0) findings.push(unevenZones(`workloads.${service}.replicas`, replicas));
  }
  return findings;
}

/** An archive in a bucket that another program writes to and deletes from. @param owner whose bucket it is */
export function sharedArchive(bucket: string, owner: string): Finding {
  return {
    code: "SKP1263",
    at: "archiveBucket",
    message: `${bucket} is the bucket of ${owner}`,
    fix: `${bucket.slice(0, 55)}-archive`,
  };
}

/** Shortest retention in seconds with an archive: blocks settle, a run copies them, and an alert leaves time to act. */
const minArchivedRetention = 7 * 86_400;

function validateArchive({ retention, objectStore, bucket, archiveBucket }: ResolvedMimirProps): Finding[] {
  if (retention.archive === 0) return [];
  const findings: Finding[] = [];
  if (objectStore.kind === "filesystem") {
    findings.push({
      code: "SKP1262",
      at: "retention.archive",
      message: `blocks would be archived for ${formatDuration(retention.archive)}, but there is no object store`,
      fix: "0s",
    });
  }
  if (archiveBucket === bucket) findings.push(sharedArchive(bucket, "Mimir's own blocks"));
  for (const key of ["mimir", "aggregates"] as const) {
    const kept = retention[key];
    if (kept === 0 || kept >= minArchivedRetention || kept < minRetention) continue;
    const why = `blocks are archived once they are ${settleHours} h old, and must not be deleted before`;
    findings.push(shortRetention(`retention.${key}`, kept, minArchivedRetention, why));
  }
  return findings;
}

function validateRetention({ retention, bucketLifecycle }: ResolvedMimirProps): Finding[] {
  const findings: Finding[] = [];
  const { mimir, aggregates } = retention;
  if (mimir < minRetention) {
    findings.push(shortRetention("retention.mimir", mimir, minRetention, "ingesters hold that much in any case"));
  }
  if (aggregates > 0 && aggregates <= mimir) {
    findings.push({
      code: "SKP1222",
      at: "retention.aggregates",
      message: `aggregates kept for ${formatDuration(aggregates)} expire before the series they are computed from (${formatDuration(mimir)})`,
      fix: `${formatDuration(mimir * 2)} # or 0s for none`,
    });
  }
  const longest = Math.max(mimir, aggregates) + deletionDelaySeconds;
  return [...findings, ...validateLifecycle("Mimir", bucketLifecycle, longest)];
}

function validateTenants({ tenant, tenants, federatedTenants, retention, workload }: ResolvedMimirProps): Finding[] {
  const findings: Finding[] = [];
  const owned = [tenant, ...federatedTenants];
  const reserved = [
    ...(retention.aggregates > 0 ? [[longTermTenant, "the aggregates"] as const] : []),
    ...(retention.archive > 0 ? [[restoredTenant, "blocks restored from the archive"] as const] : []),
  ].filter(([name]) => owned.includes(name));
  for (const [name, what] of reserved) {
    findings.push({
      code: "SKP1229",
      at: tenant === name ? "tenant" : `federatedTenants.${name}`,
      message: `${name} is the tenant of ${what}: series would be kept as long as those`,
      fix: tenant === name ? "tenant: anonymous" : renameKey(name, `${name}-team`),
    });
  }
  const limit = tenants[tenant]?.max_global_series_per_user;
  if (typeof limit === "number" && limit > 0 && limit < workload.activeSeries) {
    findings.push({
      code: "SKP1230",
      at: formatPlace(["tenants", tenant, "max_global_series_per_user"]),
      message: `${formatCount(limit)} is below the workload's ${formatCount(workload.activeSeries)} active series: the rest would be rejected`,
      fix: `${workload.activeSeries * 2}`,
    });
  }
  return findings;
}
