import type { EnvValue } from "./container.ts";

/** A Secret's key. */
export interface SecretKey {
  readonly secret: string;
  readonly key: string;
}

/** Where Mimir, Loki and Tempo keep their data. Buckets and credentials exist already; no secret value is ever stated. */
export type ObjectStore =
  | {
      readonly kind: "s3";
      /** Host and port of the API, without a scheme. */
      readonly endpoint: string;
      readonly region: string;
      /** Plain HTTP: for a store inside the cluster. @default false */
      readonly insecure?: boolean;
      /** Access key and secret key in a Secret. @default workload identity of the component's ServiceAccount */
      readonly credentials?: { readonly accessKeyId: SecretKey; readonly secretAccessKey: SecretKey };
      /** Annotations of the ServiceAccounts: `eks.amazonaws.com/role-arn`. @default none */
      readonly identity?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "gcs";
      /** A service account's JSON key in a Secret. @default workload identity */
      readonly credentials?: { readonly serviceAccount: SecretKey };
      /** `iam.gke.io/gcp-service-account`. @default none */
      readonly identity?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "azure";
      readonly account: string;
      /** The account's key in a Secret. @default workload identity */
      readonly credentials?: { readonly accountKey: SecretKey };
      /** `azure.workload.identity/client-id`. @default none */
      readonly identity?: Readonly<Record<string, string>>;
    }
  /** The pod's own disk: one replica, for development alone. */
  | { readonly kind: "filesystem" };

/** Environment variables that carry an object store's credentials into a config that expands `${NAME}`. */
export function objectStoreEnv(store: ObjectStore): Readonly<Record<string, EnvValue>> {
  if (store.kind === "s3" && store.credentials) {
    const { accessKeyId, secretAccessKey } = store.credentials;
    return { OBJECT_STORE_ACCESS_KEY: accessKeyId, OBJECT_STORE_SECRET_KEY: secretAccessKey };
  }
  if (store.kind === "azure" && store.credentials) return { OBJECT_STORE_ACCOUNT_KEY: store.credentials.accountKey };
  if (store.kind === "gcs" && store.credentials)
    return { OBJECT_STORE_SERVICE_ACCOUNT: store.credentials.serviceAccount };
  return {};
}

/** Annotations by which a ServiceAccount is given the right to its buckets. */
export function objectStoreIdentity(store: ObjectStore): Readonly<Record<string, string>> | undefined {
  return store.kind === "filesystem" ? undefined : store.identity;
}
