import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { allows } from "../support/reachability.ts";
import { until } from "../support/wait.ts";
import { apply } from "./apply.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { allPodsReady, drain, isReady, logOf, type Pod, runPod, uncordon } from "./pods.ts";
import { standInBinary } from "./stand-in.ts";

const image = "mirror.test/stand-in:1";
const namespace = "a";
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ nodes: { real: 2 } });
  await cluster.load({ reference: image, binary: await standInBinary(), path: "/bin/stand-in" });
  await apply(cluster.api, [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    },
  ]);
  await until("its default service account", () => cluster.api.get("v1", "ServiceAccount", namespace, "default"));
});
afterAll(() => cluster?.dispose());

const restricted = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

const podSpec = (args: readonly string[], more: { spec?: object; container?: object } = {}) => ({
  securityContext: { runAsUser: 65534, fsGroup: 65534 },
  automountServiceAccountToken: false,
  containers: [{ name: "main", image, args, securityContext: restricted, ...more.container }],
  ...more.spec,
});

const pod = (name: string, args: readonly string[], more: { spec?: object; container?: object } = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: { restartPolicy: "Never", ...podSpec(args, more) },
});

const labels = { app: "web" };
const web: KubernetesObject[] = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: podSpec(["serve"], {
          // Ready after a while, as real programs are: a second eviction comes before that.
          container: {
            readinessProbe: { httpGet: { path: "/", port: 8080 }, initialDelaySeconds: 3, periodSeconds: 1 },
          },
          spec: {
            topologySpreadConstraints: [
              {
                topologyKey: "kubernetes.io/hostname",
                maxSkew: 1,
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: labels },
              },
            ],
          },
        }),
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace },
    spec: { type: "NodePort", selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web", namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  },
];

const webPods = async () => {
  const pods = await cluster.api.list<Pod>("v1", "Pod", namespace, "?labelSelector=app%3Dweb");
  return pods.filter(isReady);
};

describe("two real nodes", () => {
  it("run a Deployment under the restricted Pod Security level, with probes, on both", async () => {
    await apply(cluster.api, web);
    const pods = await allPodsReady(cluster.api, namespace, 2);
    expect(pods.map(({ spec }) => spec.nodeName).sort()).toEqual(["node-1", "node-2"]);
  });

  it("answer on the Service's name and address, from both nodes, and on the NodePort", async () => {
    const names = (await webPods()).map(({ metadata }) => `${metadata.name}\n`);
    for (const [i, nodeName] of ["node-1", "node-2"].entries()) {
      const answer = await runPod(
        cluster.api,
        pod(`get-${i}`, ["get", `http://web.${namespace}.svc.cluster.local`], { spec: { nodeName } }),
      );
      expect(names).toContain(answer);
    }
    type Service = { spec: { clusterIP: string; ports: { nodePort: number }[] } };
    const { spec } = (await cluster.api.get<Service>("v1", "Service", namespace, "web"))!;
    expect(await runPod(cluster.api, pod("lookup", ["lookup", `web.${namespace}.svc.cluster.local.`]))).toBe(
      `${spec.clusterIP}\n`,
    );
    for (const { address } of cluster.nodes) {
      const { port } = await cluster.forward(`${address}:${spec.ports[0]!.nodePort}`);
      expect(names).toContain(await (await fetch(`http://127.0.0.1:${port}/`)).text());
    }
  });

  it("let the API server through to a pod behind a Service", async () => {
    const { body } = await cluster.api.send<string>(
      "GET",
      `/api/v1/namespaces/${namespace}/services/web/proxy/metrics`,
    );
    expect(body).toContain("stand_in_info");
  });

  it("refuse a pod that the namespace's level forbids", async () => {
    const privileged = pod("privileged", ["pause"], { container: { securityContext: { privileged: true } } });
    await expect(cluster.api.create(privileged)).rejects.toThrow(/violates PodSecurity "restricted/);
  });

  it("keep a claim's data from one pod to the next, for a user that is not root", async () => {
    await cluster.api.create({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
    } as KubernetesObject);
    const withData = {
      container: { volumeMounts: [{ name: "data", mountPath: "/data" }] },
      spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] },
    };
    await runPod(cluster.api, pod("write", ["write", "/data/note", "still here"], withData));
    expect(await runPod(cluster.api, pod("read", ["read", "/data/note"], withData))).toBe("still here");
  });

  it("kill what eats more than its limit", async () => {
    await cluster.api.create(
      pod("glutton", ["eat", "256"], { container: { resources: { limits: { memory: "32Mi" } } } }),
    );
    const ended = await until("the end of it", async () => {
      const live = await cluster.api.get<Pod>("v1", "Pod", namespace, "glutton");
      return live?.status.containerStatuses?.[0]?.state.terminated;
    });
    expect(ended.reason).toBe("OOMKilled");
  });

  it("replace a pod that is deleted", async () => {
    const [victim] = await webPods();
    await cluster.api.send("DELETE", await cluster.api.path("v1", "Pod", namespace, victim!.metadata.name));
    await until("two ready pods again", async () => {
      const pods = await webPods();
      return pods.length === 2 && pods.every(({ metadata }) => metadata.name !== victim?.metadata.name);
    });
  });

  it("start a container again that crashed", async () => {
    const crasher = { ...pod("crasher", ["get", "http://127.0.0.1:1"]), metadata: { name: "crasher", namespace } };
    await cluster.api.create({ ...crasher, spec: { ...crasher.spec, restartPolicy: "Always" } } as KubernetesObject);
    await until("a second try", async () => {
      const live = await cluster.api.get<Pod>("v1", "Pod", namespace, "crasher");
      return (live?.status.containerStatuses?.[0]?.restartCount ?? 0) > 0;
    });
    expect(await logOf(cluster.api, namespace, "crasher", "main", true)).toContain("connection refused");
    await cluster.api.send("DELETE", await cluster.api.path("v1", "Pod", namespace, "crasher"));
  });

  it("enforce no NetworkPolicy by themselves; a rule made from what the policies say denies what they do not allow", async () => {
    const server = (name: string) => ({
      ...pod(name, ["serve"]),
      metadata: { name, namespace, labels: { app: name } },
    });
    const policy: KubernetesObject & INetworkPolicy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "closed", namespace },
      spec: { podSelector: { matchLabels: { app: "closed" } }, policyTypes: ["Ingress"] },
    };
    await apply(cluster.api, [server("open"), server("closed"), policy]);
    const address = (name: string) =>
      until(`the address of ${name}`, async () => {
        const live = await cluster.api.get<Pod>("v1", "Pod", namespace, name);
        return live && isReady(live) && live.status.podIP;
      });
    const addresses = new Map([
      ["open", await address("open")],
      ["closed", await address("closed")],
    ]);
    const reaches = async (client: string, name: string) => {
      const attempt = runPod(cluster.api, pod(`${client}-${name}`, ["get", `http://${addresses.get(name)}:8080`]));
      return attempt.then(
        () => true,
        () => false,
      );
    };
    expect(await reaches("before", "closed")).toBe(true);

    const facts = (name: string) => ({
      name,
      address: addresses.get(name) ?? "192.0.2.1",
      pod: { namespace, labels: { app: name } },
    });
    const denied = [...addresses].filter(([name]) => !allows([policy], facts("client"), facts(name), 8080));
    expect(denied.map(([name]) => name)).toEqual(["closed"]);
    for (const { machine } of cluster.nodes) {
      const nft = (command: string) => machine.run("nft", command);
      await nft("add table ip test-policies");
      await nft("add chain ip test-policies forward { type filter hook forward priority 0; }");
      for (const [, ip] of denied) await nft(`add rule ip test-policies forward ip daddr ${ip} tcp dport 8080 drop`);
    }
    expect(await reaches("after", "closed")).toBe(false);
    expect(await reaches("after", "open")).toBe(true);
    for (const { machine } of cluster.nodes) await machine.run("nft", "delete table ip test-policies");
  });

  it("can be drained one after the other, within the disruption budget", async () => {
    await drain(cluster.api, "node-1");
    await until("both pods on the other node", async () => {
      const pods = await webPods();
      return pods.length === 2 && pods.every(({ spec }) => spec.nodeName === "node-2");
    });
    await uncordon(cluster.api, "node-1");
    // Both are on one node now: the budget lets the second go only when the first stands again elsewhere.
    expect(await drain(cluster.api, "node-2")).toBeGreaterThan(0);
  });
});
