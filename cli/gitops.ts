import { yamlText } from "../lib/formats/yaml.ts";
import type { KubernetesObject } from "../lib/kubernetes/index.ts";
import { type Folder, folderOf, folders } from "./layout.ts";
import type { Manifest } from "./manifests.ts";

/** Sync wave by folder. Argo CD waits for the objects of a wave before it starts the next one. */
const waves: Readonly<Record<Folder, number>> = {
  "00-crds": -2,
  "10-namespaces": -1,
  "20-stack": 0,
  "30-zone-b": 1,
  "40-zone-c": 2,
};

/**
 * An object with the annotations that Argo CD needs: the sync wave; server-side apply for definitions, which are larger than
 * the annotation of a client-side apply may be; no pruning of what other objects of the cluster depend on; and no dry run of
 * resources whose definition comes in an earlier wave.
 * @see https://argo-cd.readthedocs.io/en/release-3.2/user-guide/sync-options/
 */
export function forArgoCd(object: KubernetesObject): KubernetesObject {
  const folder = folderOf(object);
  const options = [
    ...(folder === "00-crds" ? ["ServerSideApply=true"] : []),
    ...(folder === "00-crds" || folder === "10-namespaces" ? ["Prune=false"] : []),
    ...(/^(monitoring\.coreos\.com|opentelemetry\.io)\//.test(object.apiVersion)
      ? ["SkipDryRunOnMissingResource=true"]
      : []),
  ];
  const annotations = {
    ...object.metadata.annotations,
    "argocd.argoproj.io/sync-wave": String(waves[folder]),
    ...(options.length > 0 && { "argocd.argoproj.io/sync-options": options.join(",") }),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const used = (manifests: readonly Manifest[]): readonly Folder[] =>
  folders.filter((folder) => manifests.some(({ path }) => path.startsWith(`${folder}/`)));

/** A `kustomization.yaml` in each folder, and one for all of them: `kubectl apply -k DIR/00-crds`. */
export function kustomizeFiles(manifests: readonly Manifest[]): readonly Manifest[] {
  const file = (path: string, resources: readonly string[]): Manifest => ({
    path,
    text: yamlText({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources }),
  });
  const names = used(manifests);
  return [
    ...names.map((folder) => {
      const inside = manifests.filter(({ path }) => path.startsWith(`${folder}/`));
      return file(
        `${folder}/kustomization.yaml`,
        inside.map(({ path }) => path.slice(folder.length + 1)),
      );
    }),
    file("kustomization.yaml", names),
  ];
}

/** Where Flux finds the rendered files. */
export interface FluxOptions {
  readonly stack: string;
  /** Folder of the manifests in the repository that Flux reads: `clusters/prod`. */
  readonly path: string;
}

/**
 * One Flux Kustomization per folder. Each waits until all its objects are healthy, and depends on the one before.
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/
 */
export function fluxFiles(manifests: readonly Manifest[], { stack, path }: FluxOptions): readonly Manifest[] {
  const names = used(manifests);
  const nameOf = (folder: Folder) => `${stack}-${folder.slice(3)}`;
  return names.map((folder, index) => {
    const before = names[index - 1];
    const isShared = folder === "00-crds" || folder === "10-namespaces";
    return {
      path: `flux/${nameOf(folder)}.yaml`,
      text: yamlText({
        apiVersion: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata: { name: nameOf(folder), namespace: "flux-system" },
        spec: {
          interval: "10m",
          // A store replays its write-ahead log before it is ready.
          timeout: "20m",
          sourceRef: { kind: "GitRepository", name: "flux-system" },
          path: `./${path}/${folder}`,
          // Definitions and namespaces take everything in them along.
          prune: !isShared,
          wait: true,
          ...(before && { dependsOn: [{ name: nameOf(before) }] }),
        },
      }),
    };
  });
}
