import { basename, join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { makeCgroups } from "./cgroups.ts";
import { importImage, pauseImage, startContainerd } from "./containerd.ts";
import type { ControlPlane } from "./control-plane.ts";
import { corednsImage, corednsObjects } from "./coredns.ts";
import type { Daemon } from "./daemon.ts";
import { type BinaryImage, writeImage } from "./image.ts";
import { serviceRange } from "./kube-apiserver.ts";
import { startKubeProxy } from "./kube-proxy.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { startKubelet } from "./kubelet.ts";
import { type Machine, newMachine } from "./machine.ts";
import { nodeAddress, plugIn, podRangeOf } from "./network.ts";
import { standInBinary } from "./stand-in.ts";
import type { Watchdog } from "./watchdog.ts";

/** A machine that is a Kubernetes node. */
export interface RealNode {
  readonly name: string;
  readonly address: string;
  readonly machine: Machine;
  readonly containerd: Daemon;
  readonly kubelet: Daemon;
  readonly kubeProxy: Daemon;
  /** Makes an OCI archive's images available to pods. */
  import(archive: string): Promise<void>;
}

export interface RealNodeOptions {
  readonly binaries: Binaries;
  readonly controlPlane: ControlPlane;
  readonly machine: Machine;
  /** Which node this is, from 1. */
  readonly n: number;
  readonly cgroup: string;
  /** Archives that must be there before the kubelet is: the sandbox image. */
  readonly images: readonly string[];
}

/** Starts containerd, the kubelet and kube-proxy on a machine. The node registers itself a little later. */
async function startRealNode(options: RealNodeOptions): Promise<RealNode> {
  const { binaries, controlPlane, machine, n, cgroup, images } = options;
  const { certificates, server } = controlPlane;
  const address = nodeAddress(n);
  const { directory, name } = machine;
  const containerd = startContainerd(machine, {
    binary: binaries.containerd,
    shim: binaries["containerd-shim-runc-v2"],
    podRange: podRangeOf(n),
  });
  const load = async (archive: string) => void (await importImage(machine, binaries.ctr, archive));
  await containerd.ready(() => machine.run(binaries.ctr, "--connect-timeout=1s", "version"));
  for (const archive of images) await load(archive);

  const kubeconfigOf = (user: string, group?: string) =>
    writeKubeconfig(directory, { certificates, server, user, ...(group === undefined ? {} : { group }) });
  return {
    name,
    address,
    machine,
    containerd,
    kubelet: startKubelet(machine, {
      binary: binaries.kubelet,
      kubeconfig: await kubeconfigOf(`system:node:${name}`, "system:nodes"),
      address,
      cgroup,
      zone: `zone-${"abc"[(n - 1) % 3]}`,
      authority: certificates.authority,
      serving: await certificates.issue(join(name, "kubelet"), {
        commonName: `system:node:${name}`,
        organization: "system:nodes",
        serves: [name, address],
      }),
    }),
    kubeProxy: startKubeProxy(machine, {
      binary: binaries["kube-proxy"],
      kubeconfig: await kubeconfigOf("system:kube-proxy"),
      address,
    }),
    import: load,
  };
}

/** What the nodes of one cluster share. */
export interface RealNodesOptions {
  readonly binaries: Binaries;
  readonly controlPlane: ControlPlane;
  readonly controlPlaneMachine: Machine;
  readonly count: number;
  readonly directory: string;
  readonly watchdog: Watchdog;
}

/** Makes machines named node-1 and on, makes them nodes, and waits until they are Ready and the cluster's DNS is up. */
export async function startRealNodes(options: RealNodesOptions): Promise<RealNode[]> {
  const { binaries, controlPlane, controlPlaneMachine, count, directory, watchdog } = options;
  const { api } = controlPlane;
  const names = Array.from({ length: count }, (_, i) => `node-${i + 1}`);
  const cgroups = makeCgroups(basename(directory), names, watchdog);
  const image = async (name: string, spec: Omit<BinaryImage, "path">) => {
    const archive = join(directory, `${name}.tar`);
    await writeImage(archive, { ...spec, path: `/bin/${name}` });
    return archive;
  };
  const images = await Promise.all([
    standInBinary().then((binary) => image("pause", { reference: pauseImage, binary, args: ["pause"] })),
    image("coredns", { reference: corednsImage, binary: binaries.coredns, user: "0:0" }),
  ]);
  const nodes = await Promise.all(
    names.map(async (name, i) => {
      const machine = await newMachine(name, directory, watchdog);
      await plugIn(controlPlaneMachine, machine, i + 1, serviceRange);
      return startRealNode({ binaries, controlPlane, machine, n: i + 1, cgroup: cgroups[i]!, images });
    }),
  );
  for (const object of corednsObjects) await api.create(object);
  for (const { name, kubelet } of nodes)
    await kubelet.ready(async () => expectCondition(await api.get<Conditioned>("v1", "Node", "", name), "Ready"));
  await nodes[0]!.kubeProxy.ready(async () =>
    expectCondition(await api.get<Conditioned>("apps/v1", "Deployment", "kube-system", "coredns"), "Available"),
  );
  return nodes;
}

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const expectCondition = (object: Conditioned | undefined, type: string) => {
  const condition = object?.status?.conditions?.find((each) => each.type === type);
  if (condition?.status !== "True") throw new Error(`${type} is ${JSON.stringify(condition)}`);
};
