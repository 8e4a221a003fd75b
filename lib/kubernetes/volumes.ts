import type { IPersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import type { IVolume } from "kubernetes-models/v1/Volume";
import { bytesQuantity } from "../sizing/index.ts";
import type { ConfigMapRef } from "./config-map.ts";

/** A volume of a pod. */
export interface Volume {
  readonly name: string;
  /** Its source in the pod. Absent for a claim template, which the StatefulSet adds. */
  readonly source?: Omit<IVolume, "name">;
  /** Size of the claim template, in bytes. */
  readonly claimBytes?: number;
  /** ConfigMap whose changes trigger a rollout. */
  readonly configMap?: ConfigMapRef;
}

/** Mount of a volume in a container. */
export interface Mount {
  readonly volume: Volume;
  readonly path: string;
  /** One file or folder of the volume. @default the whole volume */
  readonly subPath?: string;
  /** @default true for ConfigMaps, Secrets and host paths; false for the rest */
  readonly readOnly?: boolean;
  /** `HostToContainer` if later mounts on the node must become visible. @default none */
  readonly propagation?: "HostToContainer" | "Bidirectional";
}

/** A ConfigMap's files. */
export function configVolume(configMap: ConfigMapRef, name = configMap.name): Volume {
  return { name, source: { configMap: { name: configMap.name } }, configMap };
}

/** A Secret's files, readable by the pod's user only. */
export function secretVolume(secretName: string, options: { readonly optional?: boolean } = {}): Volume {
  return {
    name: secretName,
    source: { secret: { secretName, defaultMode: 0o440, ...(options.optional && { optional: true }) } },
  };
}

/** An `emptyDir` volume. @param sizeBytes its limit */
export function scratchVolume(name: string, sizeBytes?: number): Volume {
  return { name, source: { emptyDir: { ...(sizeBytes && { sizeLimit: bytesQuantity(sizeBytes) }) } } };
}

/** A directory of the node. For host-level agents only, whose namespace has the Pod Security level `privileged`. */
export function hostVolume(name: string, path: string, type: "Directory" | "DirectoryOrCreate" | "" = ""): Volume {
  return { name, source: { hostPath: { path, type } } };
}

/** A persistent volume per pod of a StatefulSet. */
export function claimVolume(name: string, sizeBytes: number): Volume {
  return { name, claimBytes: sizeBytes };
}

/** The claim templates among a pod's volumes. */
export function claimTemplates(
  volumes: readonly Volume[],
  storageClassName: string | undefined,
  labels: Readonly<Record<string, string>>,
): IPersistentVolumeClaim[] {
  return volumes
    .filter((volume) => volume.claimBytes !== undefined)
    .map((volume) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: volume.name, labels: { ...labels } },
      spec: {
        accessModes: ["ReadWriteOnce"],
        ...(storageClassName && { storageClassName }),
        resources: { requests: { storage: bytesQuantity(volume.claimBytes as number) } },
      },
    }));
}
