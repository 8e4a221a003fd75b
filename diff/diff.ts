import { type Capacity, type CapacityChange, capacityChanges, capacityDelta } from "./meaning/capacity.ts";
import { type Meaning, type MeaningOptions, meaningOf } from "./meaning/index.ts";
import { changesBetween, type ObjectChange } from "./model/changes.ts";
import type { Manifest } from "./model/object.ts";
import { createMasker } from "./model/secrets.ts";
import { actions, checksumOnly, type Risk, riskOf, worstAction } from "./risk/risk.ts";

/** One object's change with its consequence. */
export interface AssessedChange extends ObjectChange {
  readonly risk: Risk;
}

/** What changes between two sets of objects, and what it means. Holds no secret value: everything is masked. */
export interface Diff {
  /** The most harmful first, then by namespace, kind and name. */
  readonly changes: readonly AssessedChange[];
  readonly meaning: readonly Meaning[];
  readonly capacity: { readonly workloads: readonly CapacityChange[]; readonly total: Capacity };
  /** What is not listed line by line. */
  readonly suppressed: {
    /** Embedded texts that differ in formatting only. */
    readonly formattingOnly: number;
    /** Workloads whose only difference is the checksum of a file; they are listed under the file that caused it. */
    readonly checksumOnly: number;
  };
}

export interface DiffOptions extends MeaningOptions {
  /** Key of the marks that stand for secrets, for tests. @default random for each diff */
  readonly maskKey?: Uint8Array;
}

/**
 * Compares two sets of Kubernetes objects.
 *
 * @throws Error when one side states an object twice.
 */
export function diffObjects(before: readonly Manifest[], after: readonly Manifest[], options: DiffOptions = {}): Diff {
  const found = changesBetween(before, after, createMasker(options.maskKey));
  const changes = found
    .map((change): AssessedChange => ({ ...change, risk: riskOf(change, found) }))
    .sort((a, b) => severity(b) - severity(a));
  const workloads = capacityChanges(found);
  return {
    changes,
    meaning: meaningOf(found, options),
    capacity: { workloads, total: capacityDelta(workloads) },
    suppressed: {
      formattingOnly: found.reduce((total, { formattingOnly }) => total + formattingOnly, 0),
      checksumOnly: found.filter(checksumOnly).length,
    },
  };
}

const severity = ({ risk }: AssessedChange): number =>
  (risk.dataLoss.length > 0 ? 100 : 0) + actions.indexOf(worstAction(risk));
