import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import type { StackConfig } from "../schema.ts";

/** Something that must exist before a stack can run, and the command that creates or shows it. */
export interface Prerequisite {
  readonly what: string;
  readonly why: string;
  readonly command: string;
}

/** A Secret with certain keys. */
export function secretPrerequisite(
  name: string,
  namespace: string,
  keys: readonly string[],
  why: string,
): Prerequisite {
  const literals = [...new Set(keys)].map((key) => `--from-literal=${key}=...`).join(" ");
  return { what: `Secret ${name}`, why, command: `kubectl create secret generic ${name} -n ${namespace} ${literals}` };
}

const createBucket: Readonly<Record<Exclude<ObjectStore["kind"], "filesystem">, (name: string) => string>> = {
  s3: (name) => `aws s3 mb s3://${name}`,
  gcs: (name) => `gcloud storage buckets create gs://${name}`,
  azure: (name) => `az storage container create --name ${name}`,
};

/** A store's bucket, unless the stack keeps everything on disks. @param name without the stack's prefix */
export function bucketPrerequisite({ objectStorage: store }: StackConfig, name: string): readonly Prerequisite[] {
  if (store.kind === "filesystem") return [];
  const bucket = `${store.prefix}${name}`;
  return [{ what: `bucket ${bucket}`, why: "object storage", command: createBucket[store.kind](bucket) }];
}
