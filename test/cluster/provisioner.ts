import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { type Api, ApiError } from "./api.ts";

/** The default StorageClass of a test cluster. */
export const storageClass = "standard";
const provisioner = "local.test";

interface Claim extends KubernetesObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly accessModes: readonly string[];
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

interface Volume extends KubernetesObject {
  readonly spec: { readonly storageClassName?: string; readonly persistentVolumeReclaimPolicy: string };
  readonly status?: { readonly phase?: string };
}

/** A running provisioner. */
export interface Provisioner {
  stop(): Promise<void>;
}

/**
 * Provides every claim of the default class with a `local` volume once its first pod was scheduled, and takes it back
 * when the claim is deleted: the protocol of an external provisioner
 * (https://github.com/kubernetes/design-proposals-archive/blob/main/storage/container-storage-interface.md, "Provisioning
 * and Deleting"), with folders. `local`, unlike `hostPath`, has the kubelet apply `fsGroup`.
 * @param directory folder of the volumes, the same path on every node; undefined where no pod will ever look into them.
 */
export async function startProvisioner(api: Api, directory: string | undefined): Promise<Provisioner> {
  await api.create({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: storageClass, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner,
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  } as KubernetesObject);
  let stopped = false;
  const loop = async () => {
    while (!stopped) {
      // Objects come and go between a list and what follows from it; the next round sees how things are.
      await round(api, directory).catch(() => {});
      await sleep(200, undefined, { ref: false });
    }
  };
  const running = loop();
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}

async function round(api: Api, directory: string | undefined): Promise<void> {
  for (const claim of await api.list<Claim>("v1", "PersistentVolumeClaim")) {
    const annotations = claim.metadata.annotations ?? {};
    const node = annotations["volume.kubernetes.io/selected-node"];
    const isOurs = annotations["volume.kubernetes.io/storage-provisioner"] === provisioner;
    if (isOurs && node !== undefined && claim.spec.volumeName === undefined) await provide(api, claim, node, directory);
  }
  for (const volume of await api.list<Volume>("v1", "PersistentVolume"))
    if (volume.spec.storageClassName === storageClass && volume.status?.phase === "Released")
      await takeBack(api, volume, directory);
}

async function provide(api: Api, claim: Claim, node: string, directory: string | undefined): Promise<void> {
  const name = `pvc-${claim.metadata.uid}`;
  const path = join(directory ?? "/volumes", name);
  if (directory !== undefined) mkdirSync(path, { recursive: true });
  const key = "kubernetes.io/hostname";
  // Real nodes all see the folder, as they would see a disk of the network: a pod that moves takes its volume along.
  const reach = directory === undefined ? { key, operator: "In", values: [node] } : { key, operator: "Exists" };
  const volume = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
    spec: {
      storageClassName: storageClass,
      persistentVolumeReclaimPolicy: "Delete",
      accessModes: claim.spec.accessModes,
      capacity: claim.spec.resources.requests,
      local: { path },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: claim.metadata.namespace,
        name: claim.metadata.name,
        uid: claim.metadata.uid,
      },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [reach] }] } },
    },
  };
  await api.create(volume).catch(ignore(409));
}

async function takeBack(api: Api, volume: Volume, directory: string | undefined): Promise<void> {
  const { name } = volume.metadata;
  if (volume.spec.persistentVolumeReclaimPolicy !== "Delete") return;
  if (directory !== undefined) rmSync(join(directory, name), { recursive: true, force: true });
  await api.send("DELETE", await api.path("v1", "PersistentVolume", undefined, name)).catch(ignore(404));
}

const ignore = (status: number) => (error: unknown) => {
  if (!(error instanceof ApiError && error.status === status)) throw error;
};
