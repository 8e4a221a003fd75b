/** A real API server on loopback, with etcd and nothing else: objects are what a test makes them. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Api, connect } from "../../test/cluster/api.ts";
import { findBinaries } from "../../test/cluster/binaries.ts";
import { makeCertificates } from "../../test/cluster/certificates.ts";
import { type Daemon, freePorts, newPlace } from "../../test/cluster/daemon.ts";
import { startEtcd } from "../../test/cluster/etcd.ts";
import { startApiServer } from "../../test/cluster/kube-apiserver.ts";
import { writeKubeconfig } from "../../test/cluster/kubeconfig.ts";
import { startWatchdog } from "../../test/cluster/watchdog.ts";
import { permissions } from "../src/kubernetes/permissions.ts";

/** Everything of an object beside its kind and name. */
interface Body {
  readonly [field: string]: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface ApiServer extends AsyncDisposable {
  readonly api: Api;
  /** Kubeconfig of a user who may do what the agent needs, and nothing else. */
  readonly kubeconfig: string;
  /** Ends the API server as a crash would. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Makes an object and, where it has a status, sets that. @returns its UID */
  make(apiVersion: string, kind: string, namespace: string, name: string, body?: Body): Promise<string>;
  remove(apiVersion: string, kind: string, namespace: string, name: string): Promise<void>;
}

export async function startApi(): Promise<ApiServer> {
  const binaries = findBinaries(["etcd", "kube-apiserver"]);
  const directory = mkdtempSync(join(tmpdir(), "skopos-api-"));
  const watchdog = startWatchdog();
  watchdog.add({ directory });
  const place = newPlace(directory, watchdog);
  const [client, peer, port] = await freePorts(3);
  const server = `https://127.0.0.1:${port}`;
  const certificates = await makeCertificates(directory, ["127.0.0.1"]);
  const etcdUrl = `http://127.0.0.1:${client}`;
  startEtcd(place, { binary: binaries.etcd, directory, clientUrl: etcdUrl, peerUrl: `http://127.0.0.1:${peer}` });
  const admin = await writeKubeconfig(directory, { certificates, server, user: "admin", group: "system:masters" });
  const api = await connect(admin);
  let daemon: Daemon;
  const start = async () => {
    const binary = binaries["kube-apiserver"];
    daemon = startApiServer(place, { binary, etcdUrl, address: "127.0.0.1", port: port!, certificates });
    await daemon.ready(() => api.send("GET", "/readyz"));
  };
  await start();

  const make: ApiServer["make"] = async (apiVersion, kind, namespace, name, { metadata, status, ...body } = {}) => {
    const created = await api.create<{ metadata: { uid: string } }>({
      apiVersion,
      kind,
      metadata: { name, ...(namespace && { namespace }), ...metadata },
      ...body,
    } as never);
    if (status !== undefined) {
      const path = `${await api.path(apiVersion, kind, namespace, name)}/status`;
      await api.send("PATCH", path, { status }, "application/merge-patch+json");
    }
    return created.metadata.uid;
  };
  const rbac = "rbac.authorization.k8s.io/v1";
  const subject = { kind: "User", name: "flow-agent", apiGroup: "rbac.authorization.k8s.io" };
  const roleRef = { kind: "ClusterRole", name: "flow-agent", apiGroup: "rbac.authorization.k8s.io" };
  await make(rbac, "ClusterRole", "", "flow-agent", { rules: permissions("auto") });
  await make(rbac, "ClusterRoleBinding", "", "flow-agent", { subjects: [subject], roleRef });
  // Without the controller manager, nobody makes the account that pods of the namespace have.
  await make("v1", "ServiceAccount", "default", "default");
  return {
    api,
    kubeconfig: await writeKubeconfig(directory, { certificates, server, user: "flow-agent" }),
    start,
    stop: () => daemon.stop(),
    make,
    async remove(apiVersion, kind, namespace, name) {
      const path = await api.path(apiVersion, kind, namespace, name);
      // In the query: Node sends the body of a DELETE without its length.
      await api.send("DELETE", `${path}?gracePeriodSeconds=0`);
    },
    async [Symbol.asyncDispose]() {
      api.close();
      await watchdog.close();
    },
  };
}

/** A pod as the kubelet of a node would report it. */
export const podOn = (node: string, ip: string, more: Body = {}): Body => ({
  ...more,
  spec: { nodeName: node, containers: [{ name: "main", image: "none" }], ...(more.spec as object) },
  status: {
    phase: "Running",
    startTime: new Date().toISOString().replace(/\.\d+Z/, "Z"),
    podIP: ip,
    podIPs: [{ ip }],
    ...(more.status as object),
  },
});

export const ownedBy = (apiVersion: string, kind: string, name: string, uid: string): Body => ({
  metadata: { ownerReferences: [{ apiVersion, kind, name, uid, controller: true }] },
});
