import {
  type ContainerProps,
  type EnvValue,
  serviceAccountFolder,
  type sidecarSelection,
  type Volume,
} from "../../lib/kubernetes/index.ts";
import { MiB } from "../../lib/sizing/index.ts";

/** A kind of ConfigMap that a sidecar writes into files. */
export interface Collected {
  /** Name of the container: `dashboards`. */
  readonly what: string;
  /** Which ConfigMaps, in all namespaces. */
  readonly selection: ReturnType<typeof sidecarSelection>;
  /** Annotation with the name of a subfolder. @default none */
  readonly folderAnnotation?: string;
  readonly volume: Volume;
  readonly path: string;
  /** Port of its health endpoint. */
  readonly port: number;
  /** Grafana API to call after a change, as administrator. @default none: Grafana polls the files */
  readonly reload?: { readonly url: string; readonly user: EnvValue; readonly password: EnvValue };
}

/** A ServiceAccount token that only the sidecars mount, with the lifetime that kubelets use by default. */
const apiAccess: Volume = {
  name: "api-access",
  source: {
    projected: {
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
      ],
    },
  },
};

/** A Python process that watches the API. An assumption; published charts request 50 to 100 MiB. */
const resources = { cpuCores: 0.01, memoryBytes: 96 * MiB, memoryLimitBytes: 192 * MiB };

/**
 * A native sidecar that writes labelled ConfigMaps of all namespaces into a shared folder. Grafana starts after its first
 * sync, when `/healthz` succeeds, so that no data source is missing at start.
 */
export function sidecar({ what, selection, folderAnnotation, volume, path, port, reload }: Collected): ContainerProps {
  return {
    name: what,
    image: "grafana-sidecar",
    sidecar: true,
    env: {
      ...selection,
      RESOURCE: "configmap",
      NAMESPACE: "ALL",
      FOLDER: path,
      IGNORE_ALREADY_PROCESSED: "true",
      HEALTH_PORT: String(port),
      LOG_TZ: "UTC",
      ...(folderAnnotation && { FOLDER_ANNOTATION: folderAnnotation }),
      ...(reload && {
        REQ_URL: reload.url,
        REQ_METHOD: "POST",
        // Grafana is not running yet during the first sync, and reads all files when it starts.
        REQ_SKIP_INIT: "true",
        REQ_USERNAME: reload.user,
        REQ_PASSWORD: reload.password,
      }),
    },
    ports: { [`health-${port}`]: port },
    probes: { port: `health-${port}`, readiness: "/healthz", liveness: "/healthz", startupSeconds: 120 },
    resources,
    mounts: [
      { volume, path },
      { volume: apiAccess, path: serviceAccountFolder, readOnly: true },
    ],
  };
}
