import { expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../lib/kubernetes/index.ts";
import { readStackFile } from "../stacks/load.ts";
import { resolve } from "../stacks/resolve.ts";
import { renderStack } from "../stacks/stack.ts";
import { fluxFiles, forArgoCd, kustomizeFiles } from "./gitops.ts";
import { folders } from "./layout.ts";
import { manifestsOf } from "./manifests.ts";

const prod = renderStack(resolve(readStackFile("stacks", "prod").raw, { stack: "prod" }));
const manifests = manifestsOf(prod);
const read = (text: string) => parse(text) as KubernetesObject;

test("every folder holds what the later ones need, and each zone has its own", () => {
  const kinds = (folder: string) =>
    new Set(manifests.filter(({ path }) => path.startsWith(folder)).map(({ text }) => read(text).kind));
  expect(kinds("00-crds")).toEqual(new Set(["CustomResourceDefinition"]));
  expect(kinds("10-namespaces")).toEqual(new Set(["Namespace"]));
  expect(kinds("20-stack").has("CustomResourceDefinition") || kinds("20-stack").has("Namespace")).toBe(false);
  for (const zone of ["30-zone-b", "40-zone-c"]) expect(kinds(zone)).toEqual(new Set(["StatefulSet"]));
  expect(manifests.every(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)))).toBe(true);
});

test("Argo CD gets waves in the order of the folders, and applies definitions server-side", () => {
  const wave = (object: KubernetesObject) =>
    Number(forArgoCd(object).metadata.annotations?.["argocd.argoproj.io/sync-wave"]);
  const byFolder = folders.map((folder) => [
    ...new Set(manifests.filter(({ path }) => path.startsWith(folder)).map(({ text }) => wave(read(text)))),
  ]);
  expect(byFolder).toEqual([[-2], [-1], [0], [1], [2]]);
  const options = (kind: string) => {
    const { text } = manifests.find((each) => read(each.text).kind === kind)!;
    return forArgoCd(read(text)).metadata.annotations?.["argocd.argoproj.io/sync-options"];
  };
  expect(options("CustomResourceDefinition")).toBe("ServerSideApply=true,Prune=false");
  expect(options("ServiceMonitor")).toBe("SkipDryRunOnMissingResource=true");
  expect(options("StatefulSet")).toBeUndefined();
});

test("Flux applies one folder after the other, waits for each, and prunes neither definitions nor namespaces", () => {
  const files = fluxFiles(manifests, { stack: "prod", path: "clusters/prod" }).map(({ text }) => read(text));
  expect(files.map(({ metadata, spec }) => [metadata.name, spec.path, spec.prune, spec.dependsOn?.[0].name])).toEqual([
    ["prod-crds", "./clusters/prod/00-crds", false, undefined],
    ["prod-namespaces", "./clusters/prod/10-namespaces", false, "prod-crds"],
    ["prod-stack", "./clusters/prod/20-stack", true, "prod-namespaces"],
    ["prod-zone-b", "./clusters/prod/30-zone-b", true, "prod-stack"],
    ["prod-zone-c", "./clusters/prod/40-zone-c", true, "prod-zone-b"],
  ]);
  expect(files.every(({ spec }) => spec.wait === true)).toBe(true);
});

test("kustomize lists every manifest exactly once", () => {
  const files = kustomizeFiles(manifests);
  const listed = files.flatMap(({ path, text }) => {
    const folder = path.slice(0, -"kustomization.yaml".length);
    return (read(text).resources as string[]).map((resource) => `${folder}${resource}`);
  });
  expect(listed.filter((path) => path.endsWith(".yaml")).sort()).toEqual(manifests.map(({ path }) => path).sort());
  expect(listed.filter((path) => !path.endsWith(".yaml"))).toEqual([...folders]);
});
