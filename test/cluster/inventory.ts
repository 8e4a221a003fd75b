import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import type { Api } from "./api.ts";
import { nameOf } from "./apply.ts";

// What a cluster makes by itself as it runs, and takes away by itself.
const itsOwn = new Set([
  "APIService",
  "Event",
  "Lease",
  "Endpoints",
  "EndpointSlice",
  "Node",
  "CSINode",
  "ComponentStatus",
  "IPAddress",
  "ControllerRevision",
  "ReplicaSet",
  "Pod",
]);

/** The names of everything in the cluster, of every kind that can be listed, but for what the cluster itself keeps. */
export async function inventory(api: Api): Promise<Set<string>> {
  const groups = (await api.send<{ groups: { preferredVersion: { groupVersion: string } }[] }>("GET", "/apis")).body;
  const versions = ["v1", ...groups.groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const names = new Set<string>();
  for (const version of versions)
    for (const { kind, verbs } of await api.resources(version))
      if (verbs.includes("list") && !itsOwn.has(kind))
        for (const object of await api.list<KubernetesObject>(version, kind)) names.add(nameOf({ ...object, kind }));
  return names;
}

/** What is in the one and not in the other, sorted. */
export const added = (before: ReadonlySet<string>, after: ReadonlySet<string>): string[] =>
  [...after].filter((name) => !before.has(name)).sort();
