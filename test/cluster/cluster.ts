import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import type { Api } from "./api.ts";
import { binariesFor, findBinaries } from "./binaries.ts";
import { startControlPlane } from "./control-plane.ts";
import { newPlace, type Place } from "./daemon.ts";
import { type Forward, openTunnel } from "./forward.ts";
import { type ImageSpec, writeImage } from "./image.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { addSimulatedNodes, simulatedNodes, startKwok } from "./kwok.ts";
import { newMachine } from "./machine.ts";
import { addSwitch } from "./network.ts";
import { startProvisioner } from "./provisioner.ts";
import { type RealNode, startRealNodes } from "./real-node.ts";
import { startWatchdog } from "./watchdog.ts";

export interface ClusterOptions {
  readonly nodes: {
    /** Nodes with a kubelet and containers; more than none needs root on Linux. @default 0 */
    readonly real?: number;
    /** Nodes that exist in the API only, kept Ready by kwok. @default 0 */
    readonly simulated?: number;
    /** Zones that simulated nodes are dealt out to. @default zone-a, zone-b and zone-c */
    readonly zones?: readonly string[];
  };
  /** Ranges of Service addresses: one of each IP family in a dual-stack cluster. @default one IPv4 range */
  readonly serviceRange?: string;
}

/** A Kubernetes cluster of a test's own. */
export interface Cluster extends AsyncDisposable {
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly api: Api;
  readonly nodes: readonly RealNode[];
  /** The cluster's folder: logs, certificates, volumes. It goes with the cluster. */
  readonly directory: string;
  /** The API server's URL as the cluster's own daemons see it. */
  readonly server: string;
  /** Starts one more program beside the control plane. It ends with the cluster. */
  start: Place["start"];
  /** Makes an image available on every real node. */
  load(image: ImageSpec): Promise<void>;
  /** A loopback port that leads to `host:port` in the cluster's network: a NodePort, a pod, a Service address. Needs a real node. */
  forward(target: string): Promise<Forward>;
  /** Ends everything and returns when nothing is left: no process, namespace, mount, cgroup or file. */
  dispose(): Promise<void>;
}

/**
 * Starts a cluster and waits until its nodes are Ready and its DNS answers.
 *
 * Without real nodes it is a set of processes on free loopback ports, for any user. With real nodes everything runs in
 * namespaces: this machine's network, mounts and settings are not touched.
 * @throws Error naming the programs that are not built, or with the log of the daemon that failed.
 */
export async function startCluster({ nodes, serviceRange }: ClusterOptions): Promise<Cluster> {
  const { real = 0, simulated = 0, zones = ["zone-a", "zone-b", "zone-c"] } = nodes;
  const binaries = findBinaries(binariesFor({ real, simulated }));
  const directory = mkdtempSync(join(tmpdir(), "skopos-cluster-"));
  const watchdog = startWatchdog();
  watchdog.add({ directory });
  try {
    const machine = real > 0 ? await newMachine("control-plane", directory, watchdog) : undefined;
    if (machine !== undefined) await addSwitch(machine);
    const place = machine ?? newPlace(directory, watchdog);
    const tunnel = machine && openTunnel(machine, directory);
    const controlPlane = await startControlPlane({
      binaries,
      place,
      directory,
      tunnel,
      ...(serviceRange && { serviceRange }),
    });
    const { api, kubeconfig, server, certificates } = controlPlane;
    const provisioner = await startProvisioner(api, real > 0 ? join(directory, "volumes") : undefined);
    if (simulated > 0) {
      const user = await writeKubeconfig(directory, { certificates, server, user: "kwok", group: "system:masters" });
      const kwok = startKwok(place, { binary: binaries.kwok, kubeconfig: user, directory });
      await addSimulatedNodes(api, simulatedNodes(simulated, zones));
      // Nodes are listed whole each time, and get ready some fifty a second.
      await kwok.ready(() => allReady(api, simulated), { every: 50 + simulated, within: 60_000 + 100 * simulated });
    }
    const realNodes = machine
      ? await startRealNodes({ binaries, controlPlane, controlPlaneMachine: machine, count: real, directory, watchdog })
      : [];

    let ending: Promise<void> | undefined;
    const dispose = () => {
      ending ??= provisioner.stop().then(() => {
        api.close();
        return watchdog.close();
      });
      return ending;
    };
    return {
      kubeconfig,
      api,
      nodes: realNodes,
      directory,
      server,
      start: place.start,
      async load(image) {
        const archive = join(directory, "image.tar");
        await writeImage(archive, image);
        await Promise.all(realNodes.map((node) => node.import(archive)));
        rmSync(archive);
      },
      async forward(target) {
        if (tunnel === undefined) throw new Error("a cluster without real nodes has no network of its own");
        return tunnel.forward(target);
      },
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await watchdog.close();
    throw error;
  }
}

interface Node extends KubernetesObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const allReady = async (api: Api, count: number) => {
  const nodes = await api.list<Node>("v1", "Node");
  const ready = nodes.filter(({ status }) => status.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
  if (ready.length < count) throw new Error(`${ready.length} of ${count} nodes are Ready`);
};
