import type { ObjectChange } from "../model/changes.ts";
import type { ObjectId } from "../model/object.ts";

/** What a change is about. Reports are sorted in this order. */
export const areas = [
  "retention",
  "alerts",
  "scraping",
  "labels",
  "sampling",
  "limits",
  "scale",
  "network",
  "privileges",
  "images",
  "api",
  "dashboards",
] as const;
export type Area = (typeof areas)[number];

/** `danger`: data, alerts or access are lost or exposed. `warning`: look before merging. `info`: good to know. */
export const severities = ["danger", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/** What a change means to those who operate the stack: one sentence. */
export interface Meaning {
  readonly area: Area;
  readonly severity: Severity;
  readonly text: string;
  readonly object: ObjectId;
}

/** Reads the meaning of one area out of all changes of a diff. */
export type Reader = (changes: readonly ObjectChange[], options: MeaningOptions) => Iterable<Meaning>;

export interface MeaningOptions {
  /** Kubernetes version that the objects are meant for: `1.35`. @default no check of API versions */
  readonly kubernetesVersion?: string;
}
