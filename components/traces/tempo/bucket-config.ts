import { addressOf, type ObjectStore } from "../../../lib/kubernetes/index.ts";

/** Mount path of the data volume in every pod: a claim, or scratch space. */
export const dataDirectory = "/var/tempo";

/**
 * The backend of Tempo's `storage.trace`. Secrets are written as `${NAME}`, which the process expands from its environment;
 * without keys, the client uses the pod's identity.
 * @see https://grafana.com/docs/tempo/v3.0.x/configuration/#storage
 */
export function traceStorage(store: ObjectStore, bucket: string): object {
  switch (store.kind) {
    case "filesystem":
      return { backend: "local", local: { path: `${dataDirectory}/blocks` } };
    case "gcs":
      return { backend: "gcs", gcs: { bucket_name: bucket } };
    case "azure":
      return {
        backend: "azure",
        azure: {
          storage_account_name: store.account,
          container_name: bucket,
          ...(store.credentials
            ? { storage_account_key: "${OBJECT_STORE_ACCOUNT_KEY}" }
            : { use_federated_token: true }),
        },
      };
    case "s3":
      return {
        backend: "s3",
        s3: {
          bucket,
          endpoint: addressOf(store.endpoint),
          region: store.region,
          ...(store.insecure && { insecure: true }),
          ...(store.credentials && {
            access_key: "${OBJECT_STORE_ACCESS_KEY}",
            secret_key: "${OBJECT_STORE_SECRET_KEY}",
          }),
        },
      };
  }
}
