import type { Finding } from "./finding.ts";
import { removeItem } from "./fixes.ts";
import { formatDuration } from "./units.ts";

/*
 * Findings that several components make. Each code is raised in one place of the sources, here or in the validator of the
 * one component that it is about, so that it cannot come to mean two things: stacks/error-codes.test.ts.
 */

/** A value of the wrong type. @param found as it may be shown @param expected what it has to be */
export const wrongType = (at: string, found: string, expected: string, fix: string): Finding => ({
  code: "SKP1014",
  at,
  message: `${found} is not ${expected}`,
  fix,
});

/** A list that has fewer or more items than it can have. @param expected such as "at least 1 item" */
export const wrongLength = (at: string, expected: string, fix: string): Finding => ({
  code: "SKP1015",
  at,
  message: `must have ${expected}`,
  fix,
});

/** An item of a list that is there already. @param found as it may be shown @param index from 0 */
export const repeated = (at: string, found: string, index: number): Finding => ({
  code: "SKP1016",
  at,
  message: `${found} is repeated`,
  fix: removeItem(index),
});

/** An addition that exists already. @param what with its kind: `data source orders` */
export const alreadyExists = (at: string, what: string, fix: string): Finding => ({
  code: "SKP1321",
  at,
  message: `${what} exists already`,
  fix,
});

/** An object of Kubernetes that does not match its schema. @param object kind and name */
export const rejectedObject = (at: string, object: string, message: string): Finding => ({
  code: "SKP1320",
  at,
  message: `${object}: ${message}`,
  fix: "# change the manifest",
});

/** A number outside of its range. @param found as it may be shown */
export const outOfRange = (at: string, found: string, range: string, nearest: string): Finding => ({
  code: "SKP1011",
  at,
  message: `${found} is out of range: ${range}`,
  fix: nearest,
});

/** A text that is not in its format. @param found as it may be shown @param format what it has to be */
export const wrongFormat = (at: string, found: string, format: string, mistake: string, fix: string): Finding => ({
  code: "SKP1012",
  at,
  message: `${found} is not ${format}: ${mistake}`,
  fix,
});

/** Pods that would each keep data on a volume of their own. @param pods such as "3 Mimir pods" */
export const separateDisks = (
  pods: string,
  at = "objectStore",
  fix = "{kind: s3, endpoint: s3.example.com, region: eu-central-1, credentials: {accessKeyId: {secret: object-storage, key: access-key-id}, secretAccessKey: {secret: object-storage, key: secret-access-key}}}",
): Finding => ({
  code: "SKP1211",
  at,
  message: `${pods} would each keep data on a volume that the others cannot read`,
  fix,
});

/** A load beyond what a program can carry. @param load with its unit @param limit what carries how much */
export const overload = (at: string, load: string, limit: string, fix: string): Finding => ({
  code: "SKP1214",
  at,
  message: `${load}: ${limit}`,
  fix,
});

/** A retention below the shortest that a store can apply. @param found in seconds @param minimum in seconds */
export const shortRetention = (at: string, found: number, minimum: number, why: string): Finding => ({
  code: "SKP1221",
  at,
  message: `${formatDuration(found, "h")} is shorter than ${formatDuration(minimum, "h")}: ${why}`,
  fix: formatDuration(minimum, "h"),
});

/**
 * A lifecycle rule of a bucket that deletes what a store still refers to, if it does.
 * @param lifecycle age in seconds at which the rule deletes objects
 * @param longest age in seconds up to which the store refers to them
 */
export function validateLifecycle(program: string, lifecycle: number | undefined, longest: number): readonly Finding[] {
  if (lifecycle === undefined || lifecycle > longest) return [];
  return [
    {
      code: "SKP1223",
      at: "bucketLifecycle",
      message: `the bucket deletes objects after ${formatDuration(lifecycle, "h")}, but ${program} refers to them for up to ${formatDuration(longest, "h")}`,
      fix: `${Math.floor(longest / 86_400) + 1}d # or no lifecycle rule: ${program} deletes expired objects itself`,
    },
  ];
}

/** Fewer replicas than copies of the data that they hold. @param replicas with their name, such as "2 ingesters" @param copied such as "series" */
export const fewReplicas = (at: string, replicas: string, factor: number, copied: string): Finding => ({
  code: "SKP1225",
  at,
  message: `${replicas} cannot hold ${factor} copies of each ${copied}`,
  fix: String(factor),
});

/** Replicas of a zone-aware service that three zones cannot share evenly. */
export const unevenZones = (at: string, replicas: number): Finding => ({
  code: "SKP1227",
  at,
  message: `${replicas} replicas cannot be spread evenly over three zones`,
  fix: String(Math.ceil(replicas / 3) * 3),
});

/** A backend without the service that it writes to. @param service such as "Kafka" */
export const missingService = (at: string, service: string, fix: string): Finding => ({
  code: "SKP1233",
  at,
  message: `no address of ${service}, through which every span passes`,
  fix,
});
