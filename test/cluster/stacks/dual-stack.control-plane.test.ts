import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { apply, changedByApplying } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { serviceRange } from "../kube-apiserver.ts";
import { prerequisites, variant } from "./variants.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: {}, serviceRange: `${serviceRange},fd00:96::/112` });
});
afterAll(() => cluster?.dispose());

const dev = variant("dev");
const dual = variant("dev", { "cluster.ipFamilies": ["IPv4", "IPv6"] });
const services = dual.objects.filter(({ kind }) => kind === "Service");
const headless = ({ spec }: KubernetesObject) => spec.clusterIP === "None";

/** Families of the Services that the cluster has, by name. */
const families = async (chosen: readonly KubernetesObject[]) =>
  Promise.all(
    chosen.map(async ({ metadata }) => {
      const found = await cluster.api.get<KubernetesObject>("v1", "Service", metadata.namespace ?? "", metadata.name);
      return [metadata.name, found?.spec.ipFamilies.join(), found?.spec.clusterIPs.length];
    }),
  );

describe("a dual-stack cluster", () => {
  it("gives a running stack's Services a second address, in place", async () => {
    await apply(cluster.api, prerequisites(dev));
    await apply(cluster.api, dev.objects);
    const reached = services.filter((service) => !headless(service));
    expect(await families(reached)).toEqual(reached.map(({ metadata }) => [metadata.name, "IPv4", 1]));
    await apply(cluster.api, dual.objects);
    expect(reached.length).toBeGreaterThan(3);
    expect(await families(reached)).toEqual(reached.map(({ metadata }) => [metadata.name, "IPv4,IPv6", 2]));
    expect(await changedByApplying(cluster.api, dual.objects)).toEqual([]);
  });

  it("leaves headless Services with the primary family, so that their names list each pod once", async () => {
    const found = await families(services.filter(headless));
    expect(found.length).toBeGreaterThan(2);
    expect(new Set(found.map(([, listed]) => listed))).toEqual(new Set(["IPv4"]));
  });
});
