import type { Reasons } from "./workload-size.ts";

/** What a component keeps in object storage, and how often it asks for it: with prices, its bill. */
export interface ObjectStorageUse {
  /** Bytes held once the retention is full. */
  readonly bytes: number;
  /** Writes and lists a month. */
  readonly putsPerMonth: number;
  /** Reads a month. */
  readonly getsPerMonth: number;
  readonly reasons: Reasons<Omit<ObjectStorageUse, "reasons">>;
}

/** Seconds in an average month: 365.25 / 12 days. */
export const secondsPerMonth = 2_629_800;
