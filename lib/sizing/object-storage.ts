import type { Reasons } from "./workload-size.ts";

/** Use of object storage by a component. Multiplied by prices, it gives the cost. */
export interface ObjectStorageUse {
  /** Bytes that are stored once the retention period is full. */
  readonly bytes: number;
  /** Write and list requests per month. */
  readonly putsPerMonth: number;
  /** Read requests per month. */
  readonly getsPerMonth: number;
  readonly reasons: Reasons<Omit<ObjectStorageUse, "reasons">>;
}

/** Seconds in an average month: 365.25 / 12 days. */
export const secondsPerMonth = 2_629_800;
