import { addressOf, type ObjectStore } from "../../lib/kubernetes/index.ts";

/** Mount path of the data volume in every pod (a claim, or scratch space): WAL, index files, compaction. */
export const dataDirectory = "/var/loki";

/**
 * Loki's `storage_config.object_store`. Secrets are written as `${NAME}`, which the process expands from its environment;
 * without keys, the client uses the pod's identity.
 * @see https://grafana.com/docs/loki/v3.7.x/configure/#thanos_object_store_config
 */
export function objectStoreConfig(store: ObjectStore, bucket: string): object {
  switch (store.kind) {
    case "filesystem":
      return { filesystem: { dir: `${dataDirectory}/chunks` } };
    case "gcs":
      return { gcs: { bucket_name: bucket } };
    case "azure":
      return {
        azure: {
          account_name: store.account,
          container_name: bucket,
          ...(store.credentials && { account_key: "${OBJECT_STORE_ACCOUNT_KEY}" }),
        },
      };
    case "s3":
      return {
        s3: {
          bucket_name: bucket,
          endpoint: addressOf(store.endpoint),
          region: store.region,
          ...(store.insecure && { insecure: true }),
          ...(store.credentials && {
            access_key_id: "${OBJECT_STORE_ACCESS_KEY}",
            secret_access_key: "${OBJECT_STORE_SECRET_KEY}",
          }),
        },
      };
  }
}
