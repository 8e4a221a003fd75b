import type { StackConfig } from "../schema.ts";
import { createBucket, type Prerequisite, type RemoteStorage } from "./needs.ts";

/** Bucket that receives the access logs of an archive. */
const logBucket = (bucket: string): string => `${bucket}-access-logs`;

const day = 86_400;

/**
 * What an archive needs of its bucket: that it exists, that nobody can delete from it before its period is over, and that each
 * access is logged. The commands are those of the provider; a store that is compatible with S3 may lack some.
 *
 * @param seconds how long the archive is kept
 * @param what what it holds
 */
export function archivePrerequisites(
  store: StackConfig["objectStorage"],
  bucket: string,
  seconds: number,
  what: string,
): readonly Prerequisite[] {
  if (store.kind === "filesystem") return [];
  const { create, lock, log } = commands(store, bucket, Math.ceil(seconds / day));
  return [
    { what: `bucket ${bucket}`, why: `archive of ${what}`, command: create },
    {
      what: `object lock of ${bucket}`,
      why: "compliance: nobody deletes from the archive before its end",
      command: lock,
    },
    { what: `access logs of ${bucket}`, why: "audits: who read the archive, and when", command: log },
  ];
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html and the commands' own documentation */
function commands(
  store: RemoteStorage,
  bucket: string,
  days: number,
): { readonly create: string; readonly lock: string; readonly log: string } {
  const logs = logBucket(bucket);
  switch (store.kind) {
    case "s3": {
      const at = `--bucket ${bucket} --region ${store.region} --endpoint-url ${store.insecure ? "http" : "https"}://${store.endpoint}`;
      const rule = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: days } } };
      const logging = { LoggingEnabled: { TargetBucket: logs, TargetPrefix: "" } };
      const place =
        store.region === "us-east-1" ? "" : ` --create-bucket-configuration LocationConstraint=${store.region}`;
      return {
        create: `aws s3api create-bucket ${at} --object-lock-enabled-for-bucket${place}`,
        lock: `aws s3api put-object-lock-configuration ${at} --object-lock-configuration '${JSON.stringify(rule)}'`,
        log: `aws s3api put-bucket-logging ${at} --bucket-logging-status '${JSON.stringify(logging)}'`,
      };
    }
    case "gcs":
      return {
        create: createBucket(store, bucket),
        lock: `gcloud storage buckets update gs://${bucket} --retention-period=${days}d && gcloud storage buckets update gs://${bucket} --lock-retention-period`,
        log: `gcloud storage buckets update gs://${bucket} --log-bucket=gs://${logs}`,
      };
    case "azure": {
      const at = `--account-name ${store.account} --container-name ${bucket} --resource-group ...`;
      return {
        create: createBucket(store, bucket),
        lock: `az storage container immutability-policy create ${at} --period ${days} && az storage container immutability-policy lock ${at} --if-match ...`,
        log: `az monitor diagnostic-settings create --name archive-access --resource ... --logs '[{"categoryGroup":"audit","enabled":true}]' --storage-account ...`,
      };
    }
  }
}
