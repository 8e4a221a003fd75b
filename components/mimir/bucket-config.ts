import { addressOf, type ObjectStore, objectStoreEnv } from "../../lib/kubernetes/index.ts";

/** Mount path of the data volume in every pod: a claim, or scratch space for stateless services. */
export const dataDirectory = "/data";

/**
 * Mimir's `common.storage` block. Secrets are written as `${NAME}`, which the process expands from its environment.
 * @see https://grafana.com/docs/mimir/v3.2.x/configure/configure-object-storage-backend/
 */
export function commonStorage(store: ObjectStore): Readonly<Record<string, unknown>> {
  switch (store.kind) {
    case "s3":
      return {
        backend: "s3",
        s3: {
          endpoint: addressOf(store.endpoint),
          region: store.region,
          ...(store.insecure && { insecure: true }),
          // Without keys, the client uses the pod's web identity or the instance's role.
          ...(store.credentials && {
            access_key_id: "${OBJECT_STORE_ACCESS_KEY}",
            secret_access_key: "${OBJECT_STORE_SECRET_KEY}",
          }),
        },
      };
    case "gcs":
      return {
        backend: "gcs",
        gcs: store.credentials ? { service_account: "${OBJECT_STORE_SERVICE_ACCOUNT}" } : {},
      };
    case "azure":
      return {
        backend: "azure",
        azure: {
          account_name: store.account,
          ...(store.credentials && { account_key: "${OBJECT_STORE_ACCOUNT_KEY}" }),
        },
      };
    case "filesystem":
      return { backend: "filesystem", filesystem: { dir: `${dataDirectory}/common` } };
  }
}

/** The bucket for blocks, or a directory of the data volume. */
export function blocksBucket(store: ObjectStore, bucket: string): Readonly<Record<string, unknown>> {
  switch (store.kind) {
    case "s3":
      return { s3: { bucket_name: bucket } };
    case "gcs":
      return { gcs: { bucket_name: bucket } };
    case "azure":
      return { azure: { container_name: bucket } };
    case "filesystem":
      return { filesystem: { dir: `${dataDirectory}/blocks` } };
  }
}

/** Whether the configuration refers to environment variables. */
export function expandsEnvironment(store: ObjectStore): boolean {
  return Object.keys(objectStoreEnv(store)).length > 0;
}
