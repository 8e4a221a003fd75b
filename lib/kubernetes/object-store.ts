import { parseHostPort, portOf } from "../formats/index.ts";
import type { Finding } from "../sizing/index.ts";
import type { ComponentChart } from "./chart.ts";
import { addressOf, isConstruct, type Server, type ServiceAccountConstruct } from "./constructs.ts";
import type { EnvValue } from "./container.ts";
import type { Labels } from "./labels.ts";
import { type Peer, serverPeer } from "./network.ts";
import { serviceAccount } from "./rbac.ts";
import { type Mount, secretVolume } from "./volumes.ts";

/** A Secret's key. */
export interface SecretKey {
  readonly secret: string;
  readonly key: string;
}

/**
 * Workload identity: annotations of the ServiceAccount that the component creates, or an existing ServiceAccount of the
 * same namespace that its pods use instead.
 */
export type StoreIdentity = Readonly<Record<string, string>> | ServiceAccountConstruct;

const isAccount = (identity: StoreIdentity | undefined): identity is ServiceAccountConstruct => isConstruct(identity);

/** Where Mimir, Loki and Tempo store their data. Buckets and credentials must exist; secret values are never part of it. */
export type ObjectStore =
  | {
      readonly kind: "s3";
      /** Host and port of the API, without a scheme; or the Service of a store inside the cluster. */
      readonly endpoint: Server;
      readonly region: string;
      /** Plain HTTP: for a store inside the cluster. @default false */
      readonly insecure?: boolean;
      /** Access key and secret key in a Secret. @default workload identity of the component's ServiceAccount */
      readonly credentials?: { readonly accessKeyId: SecretKey; readonly secretAccessKey: SecretKey };
      /** Annotations of the component's ServiceAccount, `eks.amazonaws.com/role-arn`, or an existing account. @default none */
      readonly identity?: StoreIdentity;
    }
  | {
      readonly kind: "gcs";
      /** A service account's JSON key in a Secret. @default workload identity */
      readonly credentials?: { readonly serviceAccount: SecretKey };
      /** Annotations, `iam.gke.io/gcp-service-account`, or an existing account. @default none */
      readonly identity?: StoreIdentity;
    }
  | {
      readonly kind: "azure";
      readonly account: string;
      /** The account's key in a Secret. @default workload identity */
      readonly credentials?: { readonly accountKey: SecretKey };
      /** Annotations, `azure.workload.identity/client-id`, or an existing account. @default none */
      readonly identity?: StoreIdentity;
    }
  /** The pod's own volume: a single replica, for development only. */
  | { readonly kind: "filesystem" };

/** An object store that is a service. */
export type RemoteStore = Exclude<ObjectStore, { readonly kind: "filesystem" }>;

/** Environment variables that carry an object store's credentials into a configuration file that expands `${NAME}`. */
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
 * Credentials for a program that takes those of S3 and Azure as `${NAME}` in its configuration, by {@link objectStoreEnv}, and lets
 * Google's client library read a key file, since that key is multi-line JSON.
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

/**
 * A remote of rclone, configured by environment variables. Without credentials it takes those of the pod's identity.
 * @param name the remote's name: `name:bucket/path`
 * @see https://rclone.org/docs/#config-file
 */
export function rcloneRemote(name: string, store: RemoteStore): Readonly<Record<string, EnvValue>> {
  const options = Object.entries(rcloneOptions(store));
  return Object.fromEntries(options.map(([key, value]) => [`RCLONE_CONFIG_${name.toUpperCase()}_${key}`, value]));
}

function rcloneOptions(store: RemoteStore): Readonly<Record<string, EnvValue>> {
  const identity = { ENV_AUTH: "true" };
  switch (store.kind) {
    case "s3": {
      const endpoint = addressOf(store.endpoint);
      const { credentials } = store;
      return {
        TYPE: "s3",
        PROVIDER: /\.amazonaws\.com(\.cn)?(:\d+)?$/.test(endpoint) ? "AWS" : "Other",
        ENDPOINT: `${store.insecure ? "http" : "https"}://${endpoint}`,
        REGION: store.region,
        NO_CHECK_BUCKET: "true",
        ...(credentials
          ? { ACCESS_KEY_ID: credentials.accessKeyId, SECRET_ACCESS_KEY: credentials.secretAccessKey }
          : identity),
      };
    }
    case "gcs":
      return {
        TYPE: "gcs",
        BUCKET_POLICY_ONLY: "true",
        NO_CHECK_BUCKET: "true",
        ...(store.credentials ? { SERVICE_ACCOUNT_CREDENTIALS: store.credentials.serviceAccount } : identity),
      };
    case "azure":
      return {
        TYPE: "azureblob",
        ACCOUNT: store.account,
        NO_CHECK_CONTAINER: "true",
        ...(store.credentials ? { KEY: store.credentials.accountKey } : identity),
      };
  }
}

const credentialFixes = {
  s3: "credentials: {accessKeyId: {secret: object-storage, key: access-key-id}, secretAccessKey: {secret: object-storage, key: secret-access-key}}",
  gcs: "identity: {iam.gke.io/gcp-service-account: NAME@PROJECT.iam.gserviceaccount.com}",
  azure: "credentials: {accountKey: {secret: object-storage, key: account-key}}",
} as const;

/**
 * Finds an object store without credentials or identity. An empty `identity` states that the pods get their identity
 * without annotations: EKS Pod Identity, or the node's own role.
 */
export function validateObjectStore(store: ObjectStore, namespace: string): readonly Finding[] {
  if (store.kind === "filesystem") return [];
  const findings: Finding[] = [];
  const account = isAccount(store.identity) ? store.identity.toSubjectConfiguration() : undefined;
  if (account?.namespace !== undefined && account.namespace !== namespace) {
    findings.push({
      code: "SKP1255",
      at: "objectStore.identity",
      message: `ServiceAccount "${account.name}" is in namespace "${account.namespace}", the pods are in "${namespace}"`,
      fix: `a ServiceAccount in namespace ${namespace}`,
    });
  }
  if (!store.credentials && !store.identity) {
    findings.push({
      code: "SKP1207",
      at: "objectStore",
      message: "the object store has neither credentials nor a workload identity",
      fix: credentialFixes[store.kind],
    });
  }
  return findings;
}

/**
 * The ServiceAccount that gives a component's pods the right to their buckets: an existing one, or one that this adds.
 * @returns its name, or undefined if the pods need none
 */
export function objectStoreAccount(chart: ComponentChart, store: ObjectStore): string | undefined {
  const identity = store.kind === "filesystem" ? undefined : store.identity;
  if (isAccount(identity)) return identity.toSubjectConfiguration().name;
  const named = identity ?? chart.options(chart.component).serviceAccount;
  return (
    named &&
    serviceAccount(chart, { part: chart.component, name: chart.name, ...(identity && { annotations: identity }) })
  );
}

/** Pod labels that workload identity requires: Azure's webhook selects pods by one. */
export function objectStorePodLabels(store: ObjectStore): Labels {
  return store.kind === "azure" && !store.credentials ? { "azure.workload.identity/use": "true" } : {};
}

/**
 * Where pods with an identity get credentials: GKE's metadata server on 80, and 988 behind its own DNAT, and the EKS Pod Identity
 * agent on 80.
 * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
 */
const metadataServers: Peer = { cidrs: ["169.254.169.252/32", "169.254.169.254/32", "169.254.170.23/32"] };

/** Declares that pods reach their object store, and the metadata service where they get credentials from it. */
export function connectsToObjectStore(chart: ComponentChart, from: Peer, store: ObjectStore): void {
  if (store.kind === "filesystem") return;
  const why = "object storage";
  const { endpoint } = store.kind === "s3" ? store : {};
  if (endpoint === undefined) chart.connectsOutside(from, undefined, [443], why);
  else if (typeof endpoint === "string") {
    const ports = [portOf(endpoint, store.kind === "s3" && store.insecure ? 80 : 443)];
    chart.connectsOutside(from, [parseHostPort(endpoint)?.host ?? endpoint], ports, why);
  } else chart.connects(from, ...serverPeer(endpoint, 443), why);
  if (!store.credentials) chart.connects(from, metadataServers, [80, 988], "workload identity");
}
