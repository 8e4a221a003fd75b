import type { ClusterFacts, ObjectStore } from "../../lib/kubernetes/index.ts";
import { type Finding, formatCount, formatDuration, type Retention, type Workload } from "../../lib/sizing/index.ts";
import { parts } from "./capacity.ts";
import { deletionDelaySeconds } from "./config.ts";
import type { TenantLimits } from "./limits.ts";
import { longTermTenant } from "./monitoring/aggregates.ts";
import { mostSeriesInMemory } from "./monitoring/store-alerts.ts";
import type { MimirSizing } from "./sizing.ts";

/** What the checks look at. */
export interface CheckedMimir {
  readonly sizing: MimirSizing;
  readonly workload: Workload;
  readonly retention: Retention;
  readonly objectStore: ObjectStore;
  readonly bucket: string;
  readonly cluster: ClusterFacts;
  readonly tenant: string;
  /** Limits of single tenants. @default none */
  readonly tenants?: Readonly<Record<string, TenantLimits>>;
  /** Seconds after which the bucket's lifecycle deletes objects. @default none: it deletes nothing */
  readonly lifecycleSeconds?: number;
}

/** Blocks are two hours long, and a query looks 12 h into the ingesters: less would be deleted before it can be read. */
const shortestRetention = 13 * 3600;
/** What Mimir allows in a tenant's name (`ValidTenantID`), and at most 150 of them. */
const tenantName = /^[A-Za-z0-9!\-_.*'()]{1,150}$/;

/**
 * What `mimir -modules` accepts and should not: copies that no replica holds, a bucket without a name or that deletes
 * before Mimir does, several pods with a disk each, a tenant that no request can name, limits below the workload.
 */
export function checkMimir(mimir: CheckedMimir): Finding[] {
  return [
    ...checkStorage(mimir),
    ...checkReplicas(mimir),
    ...checkZones(mimir),
    ...checkRetention(mimir),
    ...checkTenants(mimir),
  ];
}

function checkStorage({ sizing, objectStore, bucket }: CheckedMimir): Finding[] {
  const findings: Finding[] = [];
  const pods = sizing.mode === "monolithic" ? sizing.mimir.replicas : undefined;
  if (objectStore.kind === "filesystem" && pods !== 1) {
    findings.push({
      code: "SKP1211",
      at: "objectStore",
      message: `${pods ?? "separate"} Mimir pods would each keep blocks on a disk that the others cannot read`,
      fix: "objectStore: {kind: s3, endpoint: ..., region: ...}",
    });
  }
  if (objectStore.kind !== "filesystem" && bucket === "") {
    findings.push({
      code: "SKP1212",
      at: "bucket",
      message: "the bucket has no name: Mimir accepts that and ends when it first writes",
      fix: "bucket: mimir-blocks",
    });
  }
  return findings;
}

function checkReplicas({ sizing, workload }: CheckedMimir): Finding[] {
  const ingesters = sizing.mode === "monolithic" ? sizing.mimir : sizing.ingester;
  const at = sizing.mode === "monolithic" ? "sizing.mimir.replicas" : "sizing.ingester.replicas";
  const factor = sizing.replicationFactor;
  if (ingesters.replicas < factor) {
    return [
      {
        code: "SKP1212",
        at,
        message: `${ingesters.replicas} ingesters cannot hold ${factor} copies of a series: every write would fail`,
        fix: `replicas: ${factor}`,
      },
    ];
  }
  if (sizing.mode === "microservices" && sizing.storeGateway.replicas < factor) {
    return [
      {
        code: "SKP1212",
        at: "sizing.storeGateway.replicas",
        message: `${sizing.storeGateway.replicas} store-gateways cannot hold ${factor} copies of a block`,
        fix: `replicas: ${factor}`,
      },
    ];
  }
  const each = (workload.activeSeries * factor) / ingesters.replicas;
  if (each <= mostSeriesInMemory) return [];
  return [
    {
      code: "SKP1214",
      at,
      message: `${formatCount(each)} series in one ingester's memory: ${formatCount(mostSeriesInMemory)} is where Mimir's own alerts fire`,
      fix: `replicas: ${Math.ceil((workload.activeSeries * factor) / parts.ingester.unit / factor) * factor}`,
    },
  ];
}

function checkZones({ sizing, cluster }: CheckedMimir): Finding[] {
  if (sizing.mode !== "microservices" || !sizing.zoneAware) return [];
  const findings: Finding[] = [];
  const zones = cluster.zones?.length ?? 0;
  if (zones === 1 || zones === 2) {
    findings.push({
      code: "SKP1212",
      at: "cluster.zones",
      message: `three copies need three zones, and ${zones} are named: two copies would share one`,
      fix: "name three zones, or none: then nodes take their place",
    });
  }
  for (const part of ["ingester", "storeGateway"] as const) {
    const { replicas } = sizing[part];
    if (replicas % 3 === 0) continue;
    findings.push({
      code: "SKP1212",
      at: `sizing.${part}.replicas`,
      message: `${replicas} replicas cannot be spread evenly over three zones`,
      fix: `replicas: ${Math.ceil(replicas / 3) * 3}`,
    });
  }
  return findings;
}

function checkRetention({ retention, lifecycleSeconds }: CheckedMimir): Finding[] {
  const findings: Finding[] = [];
  const { mimir, aggregates } = retention;
  if (mimir < shortestRetention) {
    findings.push({
      code: "SKP1212",
      at: "retention.mimir",
      message: `${formatDuration(mimir, "h")} is shorter than what ingesters hold anyway`,
      fix: "13h or longer",
    });
  }
  if (aggregates > 0 && aggregates <= mimir) {
    findings.push({
      code: "SKP1212",
      at: "retention.aggregates",
      message: `aggregates kept for ${formatDuration(aggregates)} end before the series they come from (${formatDuration(mimir)})`,
      fix: `longer than ${formatDuration(mimir)}, or 0s for none`,
    });
  }
  const longest = Math.max(mimir, aggregates) + deletionDelaySeconds;
  if (lifecycleSeconds !== undefined && lifecycleSeconds <= longest) {
    findings.push({
      code: "SKP1212",
      at: "objectStore.lifecycle",
      message: `the bucket deletes after ${formatDuration(lifecycleSeconds, "h")}, while Mimir still refers to blocks of up to ${formatDuration(longest, "h")}`,
      fix: `more than ${formatDuration(longest, "h")}, or no lifecycle: Mimir deletes by itself`,
    });
  }
  return findings;
}

function checkTenants({ tenant, tenants = {}, retention, workload }: CheckedMimir): Finding[] {
  const findings: Finding[] = [];
  for (const name of [tenant, ...Object.keys(tenants)]) {
    if (tenantName.test(name) && name !== "." && name !== "..") continue;
    findings.push({
      code: "SKP1212",
      at: name === tenant ? "tenant" : `tenants.${name}`,
      message: `Mimir refuses the tenant name ${JSON.stringify(name)}`,
      fix: "letters, digits and !-_.*'(), at most 150",
    });
  }
  if (tenant === longTermTenant && retention.aggregates > 0) {
    findings.push({
      code: "SKP1212",
      at: "tenant",
      message: `${longTermTenant} is the tenant of the aggregates: series and aggregates would be kept equally long`,
      fix: "tenant: anonymous",
    });
  }
  const limit = tenants[tenant]?.max_global_series_per_user;
  if (typeof limit === "number" && limit > 0 && limit < workload.activeSeries) {
    findings.push({
      code: "SKP1212",
      at: `tenants.${tenant}.max_global_series_per_user`,
      message: `${formatCount(limit)} is below the ${formatCount(workload.activeSeries)} series of the workload: the rest would be dropped`,
      fix: `${workload.activeSeries * 2}`,
    });
  }
  return findings;
}
