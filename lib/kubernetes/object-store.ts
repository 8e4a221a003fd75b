import type { Finding } from "../sizing/index.ts";
import type { ComponentChart } from "./chart.ts";
import type { EnvValue } from "./container.ts";
import type { Labels } from "./labels.ts";
import { anywhere, type Peer } from "./network.ts";
import { type Mount, secretVolume } from "./volumes.ts";

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

/** Where Google's client finds its key. */
const keyFolder = "/etc/object-store";

/**
 * Credentials for a program that takes S3's and Azure's as `${NAME}` in its config, by {@link objectStoreEnv}, and lets
 * Google's own client read a key file, which is JSON of many lines.
 */
export function objectStoreAccess(store: ObjectStore): {
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly mounts: readonly Mount[];
} {
  if (store.kind !== "gcs" || !store.credentials) return { env: objectStoreEnv(store), mounts: [] };
  const { secret, key } = store.credentials.serviceAccount;
  return {
    env: { GOOGLE_APPLICATION_CREDENTIALS: `${keyFolder}/${key}` },
    mounts: [{ volume: secretVolume(secret), path: keyFolder }],
  };
}

const credentialFixes = {
  s3: "credentials: {accessKeyId: {secret: object-storage, key: access-key-id}, secretAccessKey: {secret: object-storage, key: secret-access-key}}",
  gcs: "identity: {iam.gke.io/gcp-service-account: NAME@PROJECT.iam.gserviceaccount.com}",
  azure: "credentials: {accountKey: {secret: object-storage, key: account-key}}",
} as const;

/**
 * Finds an object store without credentials or identity, and a bucket without a name. An empty `identity` states that the
 * pods get their identity without annotations: EKS Pod Identity, or the node's own role.
 */
export function validateObjectStore(store: ObjectStore, bucket: string): readonly Finding[] {
  if (store.kind === "filesystem") return [];
  const findings: Finding[] = [];
  if (!store.credentials && !store.identity) {
    findings.push({
      code: "SKP1207",
      at: "objectStore",
      message: "the object store has neither credentials nor a workload identity",
      fix: credentialFixes[store.kind],
    });
  }
  if (bucket === "") {
    findings.push({
      code: "SKP1224",
      at: "bucket",
      message: "the bucket has no name: the program starts and terminates on the first write",
      fix: "prefix: my-stack-",
    });
  }
  return findings;
}

/** Annotations by which a ServiceAccount is given the right to its buckets. */
export function objectStoreIdentity(store: ObjectStore): Readonly<Record<string, string>> | undefined {
  return store.kind === "filesystem" ? undefined : store.identity;
}

/** Labels by which a cloud gives pods the identity of their ServiceAccount: Azure's webhook asks for one. */
export function objectStorePodLabels(store: ObjectStore): Labels {
  return store.kind === "azure" && !store.credentials ? { "azure.workload.identity/use": "true" } : {};
}

/** Where GKE's metadata server answers pods with an identity: 80, and 988 behind its own DNAT. */
const metadataServers: Peer = { cidrs: ["169.254.169.252/32", "169.254.169.254/32"] };

/** Declares that pods reach their object store, and the metadata service where they get credentials from it. */
export function connectsToObjectStore(chart: ComponentChart, from: Peer, store: ObjectStore): void {
  if (store.kind === "filesystem") return;
  chart.connects(from, anywhere, [storePort(store)], "object storage");
  if (!store.credentials) chart.connects(from, metadataServers, [80, 988], "workload identity");
}

/** An S3 endpoint may name its own port; every other store answers on 443. */
function storePort(store: ObjectStore): number {
  if (store.kind !== "s3") return 443;
  const port = /:(\d+)$/.exec(store.endpoint)?.[1];
  return port ? Number(port) : store.insecure ? 80 : 443;
}
