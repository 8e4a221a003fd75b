import { formatDuration } from "../../lib/sizing/index.ts";
import { bytes, duration } from "../../policies/engine/quantities.ts";
import { type FieldChange, fieldNames, lastField } from "../model/compare.ts";
import { nameOf } from "../model/object.ts";
import type { Reader } from "./meaning.ts";

/** How each program calls how long it keeps data, and what becomes of older data. */
const retentionFields: Readonly<Record<string, string>> = {
  retention: "older blocks are deleted at Prometheus' next compaction",
  retentionSize: "the oldest blocks are deleted as soon as the size is reached",
  compactor_blocks_retention_period:
    "Mimir's compactor marks older blocks for deletion at its next cleanup, and deletes them 12 h later",
  retention_period: "Loki's compactor deletes older chunks",
  period: "streams of that selector are deleted earlier",
  block_retention: "older trace blocks are deleted at the next compaction",
  compacted_block_retention: "compacted trace blocks are deleted earlier",
  span_store_ttl: "Jaeger's badger drops older spans",
  spans: "Jaeger's badger drops older spans",
};

/** Longer and shorter retention, what is lost and when. */
export const retentionMeaning: Reader = function* (changes) {
  for (const { id, fields } of changes) {
    for (const change of fields) {
      const field = lastField(change.path);
      const consequence = retentionFields[field];
      if (consequence === undefined || !isRetention(change)) continue;
      const [before, after] = [amount(change.before), amount(change.after)];
      if (before === undefined && after === undefined) continue;
      const shown = (value: unknown) => (value === undefined ? "no limit" : String(value));
      const shorter = (after ?? Number.POSITIVE_INFINITY) < (before ?? Number.POSITIVE_INFINITY);
      const difference =
        before !== undefined && after !== undefined && field !== "retentionSize"
          ? ` (${formatDuration(Math.abs(after - before))} ${shorter ? "less" : "more"})`
          : "";
      yield {
        area: "retention",
        severity: shorter ? "danger" : "info",
        text: `${nameOf(id)} keeps data for ${shown(change.after)} instead of ${shown(change.before)}${difference}${shorter ? `: ${consequence}` : "; disk and bucket grow accordingly"}`,
        object: id,
      };
    }
  }
};

/** `period` and `spans` mean retention only inside the settings that say so. */
function isRetention({ path }: FieldChange): boolean {
  const names = fieldNames(path);
  const field = names.at(-1);
  if (field === "period") return names.includes("retention_stream");
  if (field === "spans") return names.includes("ttl");
  return true;
}

const zeroIsUnlimited = (value: number): number | undefined => (value === 0 ? undefined : value);

function amount(value: unknown): number | undefined {
  if (typeof value === "number") return zeroIsUnlimited(value);
  if (typeof value !== "string") return undefined;
  const found = duration(value) ?? bytes(value);
  return found === undefined ? undefined : zeroIsUnlimited(found);
}
