import { type ObjectStore, objectStoreEnv } from "../../lib/kubernetes/index.ts";

/** Where the disk is mounted in every pod; what is not on a claim is scratch space. */
export const dataDirectory = "/data";

/** The `common.storage` block. Secrets are `${NAME}`: the process expands them from its environment. */
export function commonStorage(store: ObjectStore): Readonly<Record<string, unknown>> {
  switch (store.kind) {
    case "s3":
      return {
        backend: "s3",
        s3: {
          endpoint: store.endpoint,
          region: store.region,
          ...(store.insecure && { insecure: true }),
          // Without keys the client asks the environment, then the instance or web identity.
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

/** Where blocks go: the bucket, or a folder of the disk. */
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

/** Whether the config names variables that the process must expand. */
export function expandsEnvironment(store: ObjectStore): boolean {
  return Object.keys(objectStoreEnv(store)).length > 0;
}
