import { type FieldChange, fieldNames, lastField, pathText } from "../model/compare.ts";
import { nameOf } from "../model/object.ts";
import type { Meaning, Reader } from "./meaning.ts";

const samplers = /^(?:tail_sampling|probabilistic_sampler|tail_sampling\/.*|probabilistic_sampler\/.*)$/;

/** Which traces are kept. */
export const samplingMeaning: Reader = function* (changes) {
  for (const { id, fields } of changes) {
    for (const change of fields) {
      const names = fieldNames(change.path);
      if (!names.some((name) => samplers.test(name))) continue;
      const field = names.at(-1) ?? "";
      const [before, after] = [Number(change.before), Number(change.after)];
      const say = (severity: Meaning["severity"], words: string): Meaning => ({
        area: "sampling",
        severity,
        text: `${nameOf(id)} ${words}`,
        object: id,
      });
      if (field === "sampling_percentage") {
        yield say(
          after < before ? "warning" : "info",
          `keeps ${after} % of the traces that no other policy keeps, instead of ${before} %`,
        );
      } else if (field === "policies" && change.kind === "removed")
        yield say(
          "warning",
          `loses a sampling policy (${pathText(change.path.slice(-1))}): traces that only it kept are dropped`,
        );
      else if (field === "policies" && change.kind === "added")
        yield say("info", `gains a sampling policy (${pathText(change.path.slice(-1))})`);
      else if (field === "threshold_ms")
        yield say(after > before ? "warning" : "info", `keeps traces slower than ${after} ms instead of ${before} ms`);
      else if (field === "decision_wait")
        yield say(
          "info",
          `decides on a trace ${change.after} after its first span instead of ${change.before}; memory grows with the wait`,
        );
      else if (field === "num_traces")
        yield say(
          after < before ? "warning" : "info",
          `holds ${after} undecided traces instead of ${before}; more arrive undecided when it overflows`,
        );
      else yield say("warning", `samples otherwise: ${pathText(change.path)}`);
    }
  }
};

/** Names of limits beyond which samples, series, lines, spans or queries are rejected. */
const limit =
  /(?:^|_)(?:max|limit)_(?!size_bytes)|(?:_limit|_rate|_burst(?:_size)?|_mb)$|^(?:sampleLimit|targetLimit|labelLimit|labelNameLengthLimit|labelValueLengthLimit|enforcedSampleLimit|limit_mib|limit_percentage|spike_limit_mib|queue_size|ingestion_rate|cardinality_limit)$/;

/** Limits that are raised or lowered. */
export const limitMeaning: Reader = function* (changes) {
  for (const { id, fields } of changes) {
    for (const change of fields) {
      const field = lastField(change.path);
      const names = fieldNames(change.path);
      if (!limit.test(field) || names.includes("resources") || isSampling(change)) continue;
      const [before, after] = [toNumber(change.before), toNumber(change.after)];
      if (before === undefined && after === undefined) continue;
      // Zero is "no limit" for all programs here.
      const size = (value: number | undefined) =>
        value === undefined || value === 0 ? Number.POSITIVE_INFINITY : value;
      const lower = size(after) < size(before);
      const shown = (value: unknown) =>
        value === undefined ? "the default" : value === 0 ? "no limit" : String(value);
      yield {
        area: "limits",
        severity: lower ? "warning" : "info",
        text: `${nameOf(id)} ${lower ? "lowers" : "raises"} ${tenantOf(names)}${field} from ${shown(change.before)} to ${shown(change.after)}${lower ? ": what exceeds it is rejected" : ""}`,
        object: id,
      };
    }
  }
};

const isSampling = ({ path }: FieldChange): boolean => fieldNames(path).some((name) => samplers.test(name));

function tenantOf(names: readonly string[]): string {
  const overrides = names.indexOf("overrides");
  return overrides >= 0 && names[overrides + 1] ? `tenant ${names[overrides + 1]}'s ` : "";
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const found = Number.parseFloat(value);
  return Number.isFinite(found) ? found : undefined;
}
