import { type Api, connect } from "./api.ts";
import type { Binaries } from "./binaries.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type Daemon, freePorts, type Place } from "./daemon.ts";
import { startEtcd } from "./etcd.ts";
import type { Tunnel } from "./forward.ts";
import { apiServiceAddress, startApiServer } from "./kube-apiserver.ts";
import { startControllerManager } from "./kube-controller-manager.ts";
import { startScheduler } from "./kube-scheduler.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { clusterDomain } from "./kubelet.ts";
import { controlPlaneAddress } from "./network.ts";

export interface ControlPlane {
  /** Kubeconfig of an administrator on this machine. */
  readonly kubeconfig: string;
  /** The API server as daemons and nodes beside it see it. */
  readonly server: string;
  readonly api: Api;
  readonly certificates: Certificates;
  readonly daemons: readonly Daemon[];
}

export interface ControlPlaneOptions {
  readonly binaries: Binaries;
  readonly place: Place;
  readonly directory: string;
  /** How this machine gets to the API server's network; undefined when they share the loopback interface. */
  readonly tunnel: Tunnel | undefined;
  /** Ranges of Service addresses. @default one IPv4 range */
  readonly serviceRange?: string;
}

/**
 * Brings up etcd, the API server, the controller manager and the scheduler, and waits until the API server is ready and
 * has made the default service account (which is the controller manager's first work).
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { binaries, place, directory, tunnel, serviceRange } = options;
  const address = tunnel === undefined ? "127.0.0.1" : controlPlaneAddress;
  // In a network of its own the usual ports are free, and so are those next to them.
  const [client, peer, port, managerPort, schedulerPort] =
    tunnel === undefined ? await freePorts(5) : [2379, 2380, 6443, 10257, 10259];
  const server = `https://${address}:${port}`;
  const outside = tunnel && (await tunnel.forward(`${address}:${port}`));

  const certificates = await makeCertificates(directory, [
    "127.0.0.1",
    controlPlaneAddress,
    apiServiceAddress,
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    `kubernetes.default.svc.${clusterDomain}`,
  ]);
  const kubeconfigOf = (user: string) => writeKubeconfig(directory, { certificates, server, user });
  const kubeconfig = await writeKubeconfig(directory, {
    certificates,
    server: outside === undefined ? server : `https://127.0.0.1:${outside.port}`,
    user: "admin",
    group: "system:masters",
  });

  const etcdUrl = `http://${address}:${client}`;
  const etcd = startEtcd(place, {
    binary: binaries.etcd,
    directory,
    clientUrl: etcdUrl,
    peerUrl: `http://${address}:${peer}`,
  });
  const apiServer = startApiServer(place, {
    binary: binaries["kube-apiserver"],
    etcdUrl,
    address,
    port: port!,
    certificates,
    ...(serviceRange && { serviceRange }),
  });
  const api = await connect(kubeconfig);
  await apiServer.ready(() => api.send("GET", "/readyz"));
  const manager = startControllerManager(place, {
    binary: binaries["kube-controller-manager"],
    kubeconfig: await kubeconfigOf("system:kube-controller-manager"),
    address,
    port: managerPort!,
    certificates,
  });
  const scheduler = startScheduler(place, {
    binary: binaries["kube-scheduler"],
    kubeconfig: await kubeconfigOf("system:kube-scheduler"),
    directory,
    address,
    port: schedulerPort!,
  });
  await manager.ready(async () => {
    if ((await api.get("v1", "ServiceAccount", "default", "default")) === undefined)
      throw new Error("no default service account yet");
  });
  return { kubeconfig, server, api, certificates, daemons: [etcd, apiServer, manager, scheduler] };
}
