import { type ContainerProps, type EnvValue, serviceAccountFolder, type Volume } from "../../lib/kubernetes/index.ts";
import { MiB } from "../../lib/sizing/index.ts";

/** One kind of ConfigMap that a sidecar turns into files. */
export interface Collected {
  /** What it collects, for the container's name: `dashboards`. */
  readonly what: string;
  /** Label and value that ConfigMaps of all namespaces are found by. */
  readonly label: readonly [name: string, value: string];
  /** Annotation that names a folder below. @default none */
  readonly folderAnnotation?: string;
  readonly volume: Volume;
  readonly path: string;
  /** Port of its health endpoint. */
  readonly port: number;
  /** What to call in Grafana after a change, as its administrator. @default nothing: Grafana looks by itself */
  readonly reload?: { readonly url: string; readonly user: EnvValue; readonly password: EnvValue };
}

/** What a pod's token volume holds, mounted in the sidecars alone: the lifetime is the one that kubelets use. */
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

/** A Python process with a watch; published charts give it 50 to 100 MiB. */
const resources = { cpuCores: 0.01, memoryBytes: 96 * MiB, memoryLimitBytes: 192 * MiB };

/**
 * A native sidecar that writes labelled ConfigMaps of all namespaces into a shared folder. Grafana starts after its
 * first pass: `/healthz` answers only then, so that no data source is missing at the start.
 */
export function sidecar({ what, label, folderAnnotation, volume, path, port, reload }: Collected): ContainerProps {
  return {
    name: what,
    image: "grafana-sidecar",
    sidecar: true,
    env: {
      LABEL: label[0],
      LABEL_VALUE: label[1],
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
        // Grafana is not up yet at the first pass, and reads everything when it starts.
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
