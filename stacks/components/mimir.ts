import { z } from "zod";
import { mimirCaches, mimirServices, sharedArchive, validateMimir } from "../../components/mimir/index.ts";
import type { ExternalEndpoints, ObservabilityProps } from "../../components/observability.ts";
import { bucket, tenantId } from "../../lib/formats/index.ts";
import type { CheckedStack } from "../checks.ts";
import { externalEndpoint } from "../external.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import { text } from "../formats.ts";
import type { Problem } from "../problem.ts";
import { duration } from "../quantities.ts";
import type { ResolvedStack } from "../resolve.ts";
import { optionsIn, workloadOptions, workloadsSchema } from "../schema/options.ts";
import { externalSchema, switchable } from "../schema/switch.ts";
import type { StackConfig } from "../schema.ts";
import { archivePrerequisites } from "./archive.ts";
import { bucketPrerequisite, type Prerequisite } from "./needs.ts";

export const schema = switchable(
  {
    ...workloadOptions,
    workloads: workloadsSchema([...mimirServices, ...mimirCaches]),
    external: externalSchema.optional().describe("An externally managed Mimir: nothing is deployed."),
    mode: z
      .enum(["monolithic", "microservices"])
      .optional()
      .describe("Deployment mode. By default chosen by the number of active series."),
    tenant: text(tenantId).default("anonymous").describe("Tenant of all series, sent as X-Scope-OrgID."),
    bucketLifecycle: duration("1d", "100y")
      .optional()
      .describe("Age at which a lifecycle rule of the bucket deletes objects; must exceed every retention."),
    archiveBucket: text(bucket)
      .optional()
      .describe(
        "Bucket that blocks are copied to while retention.archive is set. By default <prefix>mimir-archive of the object storage.",
      ),
  },
  true,
).describe("Long-term metrics storage.");

export function settings({ config, objectStore, bucketPrefix }: Facts): Partial<ObservabilityProps> {
  const { enabled, external, mode, tenant, bucketLifecycle, archiveBucket } = config.components.mimir;
  if (!enabled || external) return {};
  return {
    mimir: withoutUndefined({
      mode,
      tenant,
      objectStore,
      bucket: `${bucketPrefix}mimir-blocks`,
      bucketLifecycle,
      archiveBucket: archiveBucket ?? `${bucketPrefix}mimir-archive`,
      ...optionsIn(config.components.mimir),
    }),
  };
}

export function external({ components: { mimir } }: StackConfig): ExternalEndpoints {
  const { external } = mimir;
  if (!external) return {};
  const at = (path: string) => externalEndpoint(external, path);
  return {
    mimir: {
      push: at("/api/v1/push"),
      otlp: at("/otlp"),
      query: at("/prometheus"),
      remoteRead: at("/prometheus/api/v1/read"),
    },
  };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { mimir, loki, traces } = stack.props;
  if (!mimir) return [];
  const owners = [
    [loki?.bucket, "Loki"],
    [traces?.backend === "tempo" ? traces.bucket : undefined, "Tempo"],
  ] as const;
  const inUse = owners.filter(([bucket]) => bucket !== undefined && bucket === mimir.archiveBucket);
  return problemsOfComponent("mimir", [
    ...validateMimir({ ...sharedProps(stack), ...mimir }),
    ...(stack.retention.archive > 0 ? inUse.map(([bucket = "", owner]) => sharedArchive(bucket, owner)) : []),
  ]);
}

export function prerequisites({ config, retention, props }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, external } = config.components.mimir;
  if (!enabled || external) return [];
  const archive = props.mimir?.archiveBucket ?? "";
  return [
    ...bucketPrerequisite(config, "mimir-blocks"),
    ...(retention.archive > 0 ? archivePrerequisites(config.objectStorage, archive, retention.archive, "blocks") : []),
  ];
}
