import { pathText } from "../model/compare.ts";
import { jsonPatch } from "../model/json-patch.ts";
import { nameOf } from "../model/object.ts";
import { type Report, riskText } from "./report.ts";

/** Version of the JSON report; a field that changes its meaning or goes raises it. Its schema is `diff/report/schema.json`. */
const schemaVersion = 1;

/**
 * The report as JSON. Applying each change's `patch` (RFC 6902) to the object before gives the object after, `object` is the
 * whole of one that was added; secrets are marks on both sides.
 */
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
  return JSON.stringify(
    { schemaVersion, base: report.base, head: report.head, stacks, failed: report.failed },
    null,
    2,
  );
}
