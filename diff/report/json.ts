import { z } from "zod";
import { areas, severities } from "../meaning/meaning.ts";
import { pathText } from "../model/compare.ts";
import { jsonPatch } from "../model/json-patch.ts";
import { nameOf } from "../model/object.ts";
import { actions } from "../risk/risk.ts";
import { type Report, riskText } from "./report.ts";

const objectSchema = z
  .strictObject({ group: z.string(), kind: z.string(), namespace: z.string(), name: z.string() })
  .describe("Identity of an object; group is empty for the core API, namespace for cluster-scoped kinds.");

const capacitySchema = z.strictObject({
  pods: z.number(),
  cpuCores: z.number(),
  memoryBytes: z.number(),
  diskBytes: z.number().describe("Of volume claims."),
});

const changeSchema = z.strictObject({
  object: objectSchema,
  name: z.string().describe("The identity for people: StatefulSet observability/mimir."),
  change: z.enum(["added", "removed", "changed", "renamed"]),
  from: objectSchema.optional().describe("What a renamed object was called."),
  risk: z.strictObject({
    summary: z.string(),
    action: z.strictObject({ kubectl: z.enum(actions), argocd: z.enum(actions), pulumi: z.enum(actions) }),
    reason: z.string().optional(),
    restart: z
      .strictObject({ pods: z.number().optional().describe("Absent for one pod on every node."), order: z.string() })
      .optional(),
    dataLoss: z.array(z.string()),
    causedBy: z.array(z.string()).describe("Changed files that are the only cause of a restart."),
  }),
  fields: z.array(
    z.strictObject({
      path: z.string(),
      change: z.enum(["added", "removed", "changed", "reordered"]),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
    }),
  ),
  formattingOnly: z.number().describe("Embedded texts that differ in formatting only."),
  value: z.unknown().optional().describe("The whole of an added object."),
  patch: z
    .array(
      z.strictObject({ op: z.enum(["add", "remove", "replace"]), path: z.string(), value: z.unknown().optional() }),
    )
    .optional()
    .describe("JSON Patch (RFC 6902) from the object before to the object after; secrets are marks on both sides."),
});

const planSchema = z.looseObject({ totals: z.record(z.string(), z.number()) });

const policySchema = z.strictObject({
  rule: z.string(),
  severity: z.enum(["error", "warning", "info"]),
  object: z.string(),
  message: z.string(),
});

/** The report as JSON. A field is never renamed or removed within a schema version. */
export const diffReportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  base: z.string(),
  head: z.string(),
  stacks: z.array(
    z.strictObject({
      stack: z.string().optional().describe("Absent for folders and saved previews."),
      changes: z.array(changeSchema),
      meaning: z.array(
        z.strictObject({ area: z.enum(areas), severity: z.enum(severities), text: z.string(), object: objectSchema }),
      ),
      capacity: z.strictObject({
        workloads: z.array(
          z.strictObject({
            workload: z.string(),
            perNode: z.boolean().describe("Whether the figures are of one node."),
            before: capacitySchema,
            after: capacitySchema,
          }),
        ),
        total: capacitySchema.describe("The difference; workloads on every node count once."),
      }),
      plans: z.strictObject({ before: planSchema, after: planSchema }).optional(),
      suppressed: z.strictObject({ formattingOnly: z.number(), checksumOnly: z.number() }),
      policies: z
        .strictObject({ introduced: z.array(policySchema), fixed: z.array(policySchema), existing: z.number() })
        .optional(),
    }),
  ),
  failed: z.array(z.strictObject({ stack: z.string().optional(), side: z.enum(["base", "head"]), error: z.string() })),
});

/** The report as JSON, of the shape of {@link diffReportSchema}. */
export function jsonReport(report: Report): string {
  const stacks = report.stacks.map(({ stack, diff, plans, policies }) => ({
    ...(stack !== undefined && { stack }),
    changes: diff.changes.map((change) => ({
      object: change.id,
      name: nameOf(change.id),
      change: change.kind,
      ...(change.from && { from: change.from }),
      risk: { summary: riskText(change), ...change.risk },
      fields: change.fields.map(({ path, kind, before, after }) => ({
        path: pathText(path),
        change: kind,
        before,
        after,
      })),
      formattingOnly: change.formattingOnly,
      ...(change.kind === "added" && { value: change.after }),
      ...(change.before && change.after && { patch: jsonPatch(change.before, change.after) }),
    })),
    meaning: diff.meaning,
    capacity: diff.capacity,
    ...(plans && { plans }),
    suppressed: diff.suppressed,
    ...(policies && { policies }),
  }));
  const { base, head, failed } = report;
  return JSON.stringify({ schemaVersion: 1, base, head, stacks, failed }, null, 2);
}

/** Where the published schema stands. */
export const diffSchemaFile = "docs/preview-diffs.schema.json";

/** The published schema: {@link diffReportSchema} as JSON Schema. */
export function diffSchemaText(): string {
  const schema = z.toJSONSchema(diffReportSchema);
  return `${JSON.stringify({ title: "Report of skopos diff --format json", ...schema }, null, 2)}\n`;
}
