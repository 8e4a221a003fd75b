import { validateObjectStore } from "../../lib/kubernetes/index.ts";
import { type Finding, formatCount, formatDuration } from "../../lib/sizing/index.ts";
import { shapes } from "./capacity.ts";
import { deletionDelaySeconds } from "./config.ts";
import { longTermTenant } from "./monitoring/aggregates.ts";
import { maxSeriesPerIngester } from "./monitoring/store-alerts.ts";
import { type MimirProps, mimirLoad, type ResolvedMimirProps, resolveMimirProps } from "./props.ts";
import { type MimirSizing, sizeMimir } from "./sizing.ts";

/** Shortest retention in seconds: blocks are two hours long and queries read the last 12 h from ingesters. */
const minRetention = 13 * 3600;
/**
 * Tenant IDs that Mimir accepts.
 * @see https://grafana.com/docs/mimir/v3.1.x/configure/about-tenant-ids/
 */
const tenantId = /^[A-Za-z0-9!\-_.*'()]{1,150}$/;

/**
 * Finds mistakes that Mimir accepts at startup: copies without a replica to hold them, a bucket without a name or with a
 * lifecycle that deletes live blocks, several pods with a volume each, invalid tenants, limits below the workload.
 */
export function validateMimir(props: MimirProps): readonly Finding[] {
  const resolved = resolveMimirProps(props);
  const sizing = props.sizing ?? sizeMimir(mimirLoad(resolved));
  return [
    ...validateStorage(resolved, sizing),
    ...validateReplicas(resolved, sizing),
    ...validateZones(resolved, sizing),
    ...validateRetention(resolved),
    ...validateTenants(resolved),
  ];
}

function validateStorage(
  { namespace, objectStore, bucket }: ResolvedMimirProps,
  sizing: MimirSizing,
): readonly Finding[] {
  const pods = sizing.mode === "monolithic" ? sizing.mimir.replicas : undefined;
  if (objectStore.kind !== "filesystem" || pods === 1) return validateObjectStore(objectStore, bucket, namespace);
  return [
    {
      code: "SKP1211",
      at: "objectStore",
      message: `${pods ?? "separate"} Mimir pods would each keep blocks on a volume that the others cannot read`,
      fix: "objectStore: {kind: s3, endpoint: ..., region: ...}",
    },
  ];
}

function validateReplicas({ workload }: ResolvedMimirProps, sizing: MimirSizing): Finding[] {
  const monolithic = sizing.mode === "monolithic";
  const ingesters = monolithic ? sizing.mimir : sizing.services.ingester;
  const at = `overrides.${monolithic ? "mimir" : "ingester"}.replicas`;
  const factor = sizing.replicationFactor;
  if (ingesters.replicas < factor) {
    return [
      {
        code: "SKP1225",
        at,
        message: `${ingesters.replicas} ingesters cannot hold ${factor} copies of a series: every write would fail`,
        fix: `replicas: ${factor}`,
      },
    ];
  }
  if (!monolithic && sizing.services["store-gateway"].replicas < factor) {
    return [
      {
        code: "SKP1225",
        at: "overrides.store-gateway.replicas",
        message: `${sizing.services["store-gateway"].replicas} store-gateways cannot hold ${factor} copies of a block`,
        fix: `replicas: ${factor}`,
      },
    ];
  }
  const each = (workload.activeSeries * factor) / ingesters.replicas;
  if (each <= maxSeriesPerIngester) return [];
  return [
    {
      code: "SKP1214",
      at,
      message: `${formatCount(each)} series per ingester; Mimir's own alerts fire at ${formatCount(maxSeriesPerIngester)}`,
      fix: `replicas: ${Math.ceil((workload.activeSeries * factor) / shapes.ingester.unit / factor) * factor}`,
    },
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
      fix: "three zones, or none: copies are then spread over nodes",
    });
  }
  for (const service of ["ingester", "store-gateway"] as const) {
    const { replicas } = sizing.services[service];
    if (replicas % 3 === 0) continue;
    findings.push({
      code: "SKP1227",
      at: `overrides.${service}.replicas`,
      message: `${replicas} replicas cannot be spread evenly over three zones`,
      fix: `replicas: ${Math.ceil(replicas / 3) * 3}`,
    });
  }
  return findings;
}

function validateRetention({ retention, bucketLifecycle }: ResolvedMimirProps): Finding[] {
  const findings: Finding[] = [];
  const { mimir, aggregates } = retention;
  if (mimir < minRetention) {
    findings.push({
      code: "SKP1221",
      at: "retention.mimir",
      message: `${formatDuration(mimir, "h")} is shorter than the 13 h that ingesters hold in any case`,
      fix: "13h or longer",
    });
  }
  if (aggregates > 0 && aggregates <= mimir) {
    findings.push({
      code: "SKP1222",
      at: "retention.aggregates",
      message: `aggregates kept for ${formatDuration(aggregates)} expire before the series they are computed from (${formatDuration(mimir)})`,
      fix: `longer than ${formatDuration(mimir)}, or 0s for none`,
    });
  }
  const longest = Math.max(mimir, aggregates) + deletionDelaySeconds;
  if (bucketLifecycle !== undefined && bucketLifecycle <= longest) {
    findings.push({
      code: "SKP1223",
      at: "bucketLifecycle",
      message: `the bucket deletes objects after ${formatDuration(bucketLifecycle, "h")}, but Mimir refers to blocks for up to ${formatDuration(longest, "h")}`,
      fix: `more than ${formatDuration(longest, "h")}, or no lifecycle rule: Mimir deletes expired blocks itself`,
    });
  }
  return findings;
}

function validateTenants({ tenant, tenants, retention, workload }: ResolvedMimirProps): Finding[] {
  const findings: Finding[] = [];
  for (const name of new Set([tenant, ...Object.keys(tenants)])) {
    if (tenantId.test(name) && name !== "." && name !== "..") continue;
    findings.push({
      code: "SKP1228",
      at: name === tenant ? "tenant" : `tenants.${name}`,
      message: `Mimir rejects the tenant ID ${JSON.stringify(name)}`,
      fix: "letters, digits and !-_.*'(), at most 150 characters",
    });
  }
  if (tenant === longTermTenant && retention.aggregates > 0) {
    findings.push({
      code: "SKP1229",
      at: "tenant",
      message: `${longTermTenant} is the tenant of the aggregates: series would be kept as long as the aggregates`,
      fix: "tenant: anonymous",
    });
  }
  const limit = tenants[tenant]?.max_global_series_per_user;
  if (typeof limit === "number" && limit > 0 && limit < workload.activeSeries) {
    findings.push({
      code: "SKP1230",
      at: `tenants.${tenant}.max_global_series_per_user`,
      message: `${formatCount(limit)} is below the workload's ${formatCount(workload.activeSeries)} active series: the rest would be rejected`,
      fix: `${workload.activeSeries * 2}`,
    });
  }
  return findings;
}
