import { z } from "zod";
import { secretKeySchema } from "./secret.ts";

const buckets = {
  prefix: z.string().default("").describe("Start of every bucket's name: <prefix>mimir-blocks, <prefix>loki, ..."),
  identity: z
    .record(z.string(), z.string())
    .optional()
    .describe("Annotations of the ServiceAccounts: workload identity."),
};

/** Object storage: credentials by Secret, or by the workload identity of the ServiceAccounts. */
export const objectStorageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("s3"),
    endpoint: z.string().describe("Host and port, without a scheme."),
    region: z.string(),
    insecure: z.boolean().default(false).describe("Plain HTTP."),
    credentials: z.strictObject({ accessKeyId: secretKeySchema, secretAccessKey: secretKeySchema }).optional(),
    ...buckets,
  }),
  z.strictObject({
    kind: z.literal("gcs"),
    credentials: z.strictObject({ serviceAccount: secretKeySchema }).optional(),
    ...buckets,
  }),
  z.strictObject({
    kind: z.literal("azure"),
    account: z.string(),
    credentials: z.strictObject({ accountKey: secretKeySchema }).optional(),
    ...buckets,
  }),
  z.strictObject({ kind: z.literal("filesystem") }).describe("The pods' own disks: development only."),
]);
