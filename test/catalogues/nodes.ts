// What the nodes and the control plane of a cluster expose.
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { programPath } from "../binaries/find.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { controlPlaneAddress } from "../cluster/network.ts";
import { until } from "../support/wait.ts";
import { hasSeries } from "./programs.ts";

/** Ends the process of which $0 is the program, and waits until it is gone. */
const end =
  'for process in /proc/[0-9]*; do [ "$(readlink $process/exe)" = "$0" ] && kill "${process#/proc/}" && ' +
  "while [ -e $process/exe ]; do sleep 0.1; done; done; true";

/** A node's kubelet, started again with certificates that it renews itself: what it exposes then. */
export async function exposeRotating({ api, nodes }: Cluster): Promise<string> {
  const { kubelet, machine, name } = nodes[1]!;
  const path = (file: string) => join(machine.directory, file);
  const { tlsCertFile: _, tlsPrivateKeyFile: __, ...config } = JSON.parse(readFileSync(path("kubelet.json"), "utf8"));
  writeFileSync(
    path("rotating.json"),
    JSON.stringify({ ...config, rotateCertificates: true, serverTLSBootstrap: true }),
  );
  // Its parent, which entered the node's namespaces, would leave it behind.
  await machine.run("sh", "-c", end, programPath("kubelet")!);
  await kubelet.stop();
  const rotating = machine.start("kubelet-rotating", programPath("kubelet")!, [
    `--config=${path("rotating.json")}`,
    `--kubeconfig=${path(`system-node-${name}.kubeconfig`)}`,
    `--cert-dir=${path("certificates")}`,
    `--hostname-override=${name}`,
    `--node-ip=${nodes[1]!.address}`,
  ]);
  return until(
    "the kubelet with a certificate that was approved",
    async () => {
      for (const request of await api.list<SigningRequest>("certificates.k8s.io/v1", "CertificateSigningRequest")) {
        if (request.status?.conditions !== undefined) continue;
        const condition = { type: "Approved", status: "True", reason: "Recorded" };
        const approval = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${request.metadata.name}/approval`;
        await api.send("PUT", approval, { ...request, status: { conditions: [condition] } });
      }
      const { body } = await api.send<string>("GET", `/api/v1/nodes/${name}/proxy/metrics`);
      return hasSeries([body], "kubelet_certificate_manager_server_ttl_seconds") && body;
    },
    { every: 1_000, explain: () => rotating.log() },
  );
}

interface SigningRequest extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly object[] };
}

/** What the kubelets, cAdvisor, kube-proxy and the control plane expose. */
export async function exposeNodes(cluster: Cluster): Promise<readonly (readonly [program: string, text: string])[]> {
  const { api, nodes } = cluster;
  const get = async (path: string) => (await api.send<string>("GET", path)).body;
  const proxied = "fetch('http://127.0.0.1:10249/metrics').then(async (a) => process.stdout.write(await a.text()))";
  const found: (readonly [string, string])[] = [];
  for (const { name, machine } of nodes) {
    const kubelet = `/api/v1/nodes/${name}/proxy/metrics`;
    found.push(["kubelet", await get(kubelet)], ["kubelet", await get(`${kubelet}/probes`)]);
    found.push(["cadvisor", await get(`${kubelet}/cadvisor`)]);
    found.push(["kube-proxy", await machine.run(process.execPath, "-e", proxied)]);
  }
  return [
    ...found,
    ["kube-apiserver", await get("/metrics")],
    ["kube-scheduler", await secured(cluster, 10259)],
    ["kube-controller-manager", await secured(cluster, 10257)],
  ];
}

/** Metrics of a program of the control plane, which asks for an administrator's certificate. */
async function secured(cluster: Cluster, port: number): Promise<string> {
  const forward = await cluster.forward(`${controlPlaneAddress}:${port}`);
  const file = (name: string) => readFileSync(join(cluster.directory, name));
  // Its own certificate is self-signed.
  const agent = new Agent({ cert: file("admin.crt"), key: file("admin.key"), rejectUnauthorized: false });
  try {
    return await new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: forward.port, path: "/metrics", agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks).toString()));
      });
      asked.on("error", reject).end();
    });
  } finally {
    agent.destroy();
    forward.close();
  }
}
