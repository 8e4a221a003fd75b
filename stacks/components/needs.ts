import type { Route, RouteFilter } from "../../lib/kubernetes/index.ts";
import type { StackConfig } from "../schema.ts";

/** Something that must exist before a stack can run, and the command that creates or shows it. */
export interface Prerequisite {
  readonly what: string;
  readonly why: string;
  /** One command, or alternatives on lines of their own. */
  readonly command: string;
}

/** Keys whose values have several lines: certificates and configuration files. */
const isFile = /\.(crt|key|pem|toml|ya?ml)$/;

/** A Secret with certain keys. */
export function secretPrerequisite(
  name: string,
  namespace: string,
  keys: readonly string[],
  why: string,
): Prerequisite {
  const values = [...new Set(keys)]
    .map((key) => `--from-${isFile.test(key) ? "file" : "literal"}=${key}=...`)
    .join(" ");
  return {
    what: `Secret ${name} in ${namespace}`,
    why,
    command: `kubectl create secret generic ${name} -n ${namespace} ${values}`,
  };
}

/** What routes to a component must find in the cluster. @param what the component, or what it offers */
export function routePrerequisites(
  route: Route & { readonly authentication?: object },
  namespace: string,
  what: string,
): readonly Prerequisite[] {
  if (route.kind === "ingress") {
    const { tlsSecret } = route;
    if (!tlsSecret) return [];
    return [
      {
        what: `TLS Secret ${tlsSecret} in ${namespace}`,
        why: `certificate of the Ingress of ${what}, unless cert-manager creates it`,
        command: `kubectl create secret tls ${tlsSecret} -n ${namespace} --cert=tls.crt --key=tls.key`,
      },
    ];
  }
  const { name, namespace: of = namespace, listener } = route.gateway;
  const filter = route.authentication as Partial<RouteFilter> | undefined;
  return [
    {
      what: `Gateway ${name} in ${of}`,
      why: `routes requests to ${what}${listener ? `, by its listener ${listener}` : ""}; it must accept routes of ${namespace}`,
      command: `kubectl get gateway ${name} -n ${of}`,
    },
    ...(filter?.kind
      ? [
          {
            what: `${filter.kind} ${filter.name} in ${namespace}`,
            why: `authenticates the users of ${what}`,
            command: `kubectl get ${filter.kind.toLowerCase()}.${filter.group} ${filter.name} -n ${namespace}`,
          },
        ]
      : []),
  ];
}

/** An object store that is a service. */
export type RemoteStorage = Exclude<StackConfig["objectStorage"], { kind: "filesystem" }>;

/** Creates a bucket where the stack looks for it: at the store's own endpoint, in its region, or in its account. */
export function createBucket(store: RemoteStorage, bucket: string): string {
  if (store.kind === "gcs") return `gcloud storage buckets create gs://${bucket}`;
  if (store.kind === "azure") return `az storage container create --name ${bucket} --account-name ${store.account}`;
  const scheme = store.insecure ? "http" : "https";
  return `aws s3 mb s3://${bucket} --region ${store.region} --endpoint-url ${scheme}://${store.endpoint}`;
}

/** A store's bucket, unless the stack keeps everything on disks. @param name without the stack's prefix */
export function bucketPrerequisite({ objectStorage: store }: StackConfig, name: string): readonly Prerequisite[] {
  if (store.kind === "filesystem") return [];
  const bucket = `${store.prefix}${name}`;
  return [{ what: `bucket ${bucket}`, why: "object storage", command: createBucket(store, bucket) }];
}
