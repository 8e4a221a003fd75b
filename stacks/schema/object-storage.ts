import { z } from "zod";
import { bucketPrefix, hostPort, labelKey, region, storageAccount } from "../../lib/formats/index.ts";
import { text } from "../formats.ts";
import { secretKeySchema } from "./secret.ts";

const buckets = {
  prefix: text(bucketPrefix)
    .default("")
    .describe("Prefix of every bucket name: <prefix>mimir-blocks, <prefix>loki, <prefix>tempo."),
  identity: z
    .record(text(labelKey), z.string().min(1))
    .optional()
    .describe("Workload identity: annotations of the ServiceAccounts that access the buckets."),
};

/** Object storage: credentials by Secret, or by the workload identity of the ServiceAccounts. */
export const objectStorageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("s3").describe("Amazon S3 or a compatible store."),
    endpoint: text(hostPort).describe("Host, and port if it is not 443, without scheme or path: s3.example.com:9000."),
    region: text(region).describe("Region of the buckets."),
    insecure: z.boolean().default(false).describe("Whether to connect over plain HTTP."),
    credentials: z
      .strictObject({
        accessKeyId: secretKeySchema.describe("Secret key with the access key ID."),
        secretAccessKey: secretKeySchema.describe("Secret key with the secret access key."),
      })
      .optional()
      .describe("Static credentials. By default the workload identity."),
    ...buckets,
  }),
  z.strictObject({
    kind: z.literal("gcs").describe("Google Cloud Storage."),
    credentials: z
      .strictObject({ serviceAccount: secretKeySchema.describe("Secret key with the service account's JSON key.") })
      .optional()
      .describe("Static credentials. By default the workload identity."),
    ...buckets,
  }),
  z.strictObject({
    kind: z.literal("azure").describe("Azure Blob Storage."),
    account: text(storageAccount).describe("Name of the storage account."),
    credentials: z
      .strictObject({ accountKey: secretKeySchema.describe("Secret key with the account key.") })
      .optional()
      .describe("Static credentials. By default the workload identity."),
    ...buckets,
  }),
  z.strictObject({ kind: z.literal("filesystem").describe("Local disks of the pods: for development.") }),
]);
