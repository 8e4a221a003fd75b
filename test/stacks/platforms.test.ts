// The rendered objects against the documented rules of each platform in the schema.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { platforms } from "../../lib/kubernetes/cluster.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";

interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  readonly securityContext?: {
    readonly runAsUser?: number;
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly serviceAccountName?: string;
  readonly securityContext?: Readonly<Record<string, unknown>> & {
    readonly seccompProfile?: { readonly type: string };
  };
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  readonly spec: any;
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  readonly [field: string]: any;
}

type Config = Readonly<Record<string, unknown>> & { readonly components?: object };

const noHostAgents = { nodeExporter: "off", alloy: "off", otelAgent: "off", flowAgent: "off" } as const;

/** What a platform needs to run the whole of `prod`. */
const adjusted: Readonly<Record<string, { readonly cluster?: object; readonly components?: object }>> = {
  "gke-autopilot": { components: noHostAgents },
  "eks-fargate": { components: noHostAgents },
};

/** The objects of `prod` on a platform. */
function on(platform: string, changes: { cluster?: object; grafana?: object } = {}): readonly Rendered[] {
  const raw = readStackFile("stacks", "prod").raw as Config & { cluster: object; components: { grafana: object } };
  const { cluster, components } = adjusted[platform] ?? {};
  const resolved = resolve(
    {
      ...raw,
      cluster: { ...raw.cluster, ...cluster, ...changes.cluster, platform },
      components: { ...raw.components, ...components, grafana: { ...raw.components.grafana, ...changes.grafana } },
    },
    { stack: "prod" },
  );
  return objectsOf(renderStack(resolved)).map(({ object }) => object as unknown as Rendered);
}

/** The pods of workloads, Jobs and the operator's resources: `Deployment/grafana` and its spec. */
function podsOf(objects: readonly Rendered[]): readonly (readonly [name: string, pod: PodSpec])[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const name = `${kind}/${metadata.name}`;
    if (kind === "Prometheus" || kind === "Alertmanager") return [[name, { containers: [], ...spec }]];
    if (kind === "CronJob") return [[name, spec.jobTemplate.spec.template.spec]];
    return spec?.template?.spec?.containers ? [[name, spec.template.spec]] : [];
  });
}

const containersOf = (pod: PodSpec) => [...(pod.initContainers ?? []), ...pod.containers];

const usesHost = (pod: PodSpec) =>
  pod.hostNetwork === true || (pod.volumes ?? []).some((volume) => volume.hostPath !== undefined);

/**
 * What the SCC restricted-v2 rejects of a pod.
 * @see https://github.com/openshift/cluster-kube-apiserver-operator/blob/release-4.19/bindata/bootkube/scc-manifests/0000_20_kube-apiserver-operator_00_scc-restricted-v2.yaml
 */
function rejectedByRestricted(pod: PodSpec): readonly string[] {
  const { securityContext = {} } = pod;
  const allowed = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
  ];
  const volumes = (pod.volumes ?? []).flatMap((volume) => Object.keys(volume).filter((key) => key !== "name"));
  return [
    ...["runAsUser", "runAsGroup", "fsGroup"].filter((key) => key in securityContext),
    ...(pod.hostNetwork || pod.hostPID ? ["the host's namespaces"] : []),
    ...volumes.filter((kind) => !allowed.includes(kind)),
    ...(securityContext.seccompProfile?.type === "RuntimeDefault" ? [] : ["seccomp"]),
    ...containersOf(pod).flatMap(({ name, securityContext: own = {}, ports = [] }) => [
      ...(own.runAsUser === undefined ? [] : [`${name}: runAsUser`]),
      ...(own.allowPrivilegeEscalation === false ? [] : [`${name}: privilege escalation`]),
      ...(own.capabilities?.drop?.includes("ALL") ? [] : [`${name}: capabilities`]),
      ...(own.capabilities?.add?.some((each) => each !== "NET_BIND_SERVICE") ? [`${name}: more capabilities`] : []),
      ...(ports.some(({ hostPort }) => hostPort !== undefined) ? [`${name}: host ports`] : []),
    ]),
  ];
}

test.each(platforms)("%s: prod is rendered, and the page says what was checked", (platform) => {
  expect(podsOf(on(platform)).length).toBeGreaterThan(10);
  const headings = readFileSync("docs/platforms.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("### "));
  expect(headings.some((line) => line.includes(`\`${platform}\``))).toBe(true);
});

describe("openshift", () => {
  const objects = on("openshift");
  const pods = podsOf(objects);

  test("restricted-v2 admits every pod that does not need its host", () => {
    const rejected = pods
      .filter(([, pod]) => !usesHost(pod))
      .flatMap(([name, pod]) => rejectedByRestricted(pod).map((why) => `${name}: ${why}`));
    expect(rejected).toEqual([]);
    // On other platforms the images' own users are stated.
    expect(podsOf(on("eks")).flatMap(([, pod]) => rejectedByRestricted(pod))).toContain("runAsUser");
  });

  test("pods that need their host may use the SCC privileged", () => {
    const hosts = pods.filter(([, pod]) => usesHost(pod));
    expect(hosts.length).toBeGreaterThan(0);
    for (const [name, pod] of hosts) {
      const bound = objects.filter(
        ({ kind, subjects, roleRef }) =>
          kind === "RoleBinding" &&
          subjects.some((subject: { name: string }) => subject.name === pod.serviceAccountName) &&
          objects.some(
            (role) =>
              role.kind === "Role" &&
              role.metadata.name === roleRef.name &&
              role.rules[0].resourceNames?.includes("privileged"),
          ),
      );
      expect(bound, name).toHaveLength(1);
    }
  });

  test("nodes are admitted by OpenShift's name for the host network too", () => {
    const grafana = objects.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "grafana");
    const from = grafana?.spec.ingress.flatMap((rule: { from: object[] }) => rule.from);
    expect(from).toContainEqual({
      namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/host-network": "" } },
      podSelector: {},
    });
  });
});

describe("eks", () => {
  const find = (objects: readonly Rendered[], kind: string, name = "grafana") =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);
  const eks = on("eks", { cluster: { loadBalancerCidrs: ["10.30.255.0/24"] } });

  // https://kubernetes-sigs.github.io/aws-load-balancer-controller/v2.13/guide/ingress/annotations/
  test("prod's Application Load Balancer connects to pods, terminates TLS and finds Grafana healthy", () => {
    const ingress = find(eks, "Ingress");
    expect(ingress?.metadata.annotations).toEqual({
      "alb.ingress.kubernetes.io/scheme": "internal",
      "alb.ingress.kubernetes.io/target-type": "ip",
      "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
      "alb.ingress.kubernetes.io/healthcheck-path": "/api/health",
      "alb.ingress.kubernetes.io/certificate-arn": expect.stringMatching(/^arn:aws:acm:/),
    });
    expect(ingress?.spec.tls).toEqual([{ hosts: ["grafana.example.com"] }]);
    // Instance mode, which is the controller's default, would need type NodePort.
    expect(find(eks, "Service")?.spec.type).toBe("ClusterIP");
    const from = find(eks, "NetworkPolicy")?.spec.ingress.flatMap((rule: { from: object[] }) => rule.from);
    expect(from).toContainEqual({ ipBlock: { cidr: "10.30.255.0/24" } });
  });

  test("what an Application Load Balancer cannot do is rejected", () => {
    const route = (more: object) => ({ grafana: { route: { kind: "ingress", className: "alb", ...more } } });
    expect(() => on("eks", route({ tlsSecret: "grafana-tls" }))).toThrow(/SKP1271.*route\.tlsSecret/);
    const annotations = { "alb.ingress.kubernetes.io/target-type": "instance" };
    expect(() => on("eks", route({ annotations }))).toThrow(/SKP1271.*target-type/);
    expect(() =>
      on("eks", { grafana: { route: { kind: "ingress", className: "nginx", tlsSecret: "t" } } }),
    ).not.toThrow();
  });

  // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
  test("pods with an identity reach the Pod Identity agent", () => {
    const policy = find(eks, "NetworkPolicy", "mimir-compactor") ?? find(eks, "NetworkPolicy", "mimir");
    const to = policy?.spec.egress.filter(({ ports }: { ports?: { port: number }[] }) =>
      ports?.some(({ port }) => port === 80),
    );
    expect(to.flatMap((rule: { to: object[] }) => rule.to)).toContainEqual({ ipBlock: { cidr: "169.254.170.23/32" } });
  });
});

// https://docs.aws.amazon.com/eks/latest/userguide/fargate.html#fargate-considerations
// https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-security
describe.each(["eks-fargate", "gke-autopilot"])("%s", (platform) => {
  const objects = on(platform);

  test("no pod needs its host", () => {
    expect(objects.filter(({ kind }) => kind === "DaemonSet")).toEqual([]);
    expect(podsOf(objects).filter(([, pod]) => usesHost(pod) || pod.hostPID)).toEqual([]);
    const privileged = podsOf(objects).flatMap(([name, pod]) =>
      containersOf(pod)
        .filter(({ securityContext }) => securityContext?.privileged)
        .map((container) => `${name} ${container.name}`),
    );
    expect(privileged).toEqual([]);
  });

  test("every container requests what it is charged for", () => {
    const missing = podsOf(objects).flatMap(([name, pod]) =>
      containersOf(pod)
        .filter(({ resources }) => !resources?.requests?.cpu || !resources.requests.memory)
        // Containers that the Prometheus operator adds are merged with what it states for them.
        .map((container) => `${name} ${container.name}`),
    );
    expect(missing.filter((each) => !/^(Prometheus|Alertmanager)\//.test(each))).toEqual([]);
  });
});

describe("gke", () => {
  // https://cloud.google.com/kubernetes-engine/docs/concepts/ingress
  test.each(["gce", "gce-internal"])(
    "GKE's own controller reads the class %s from an annotation, and connects to pods",
    (className) => {
      const objects = on("gke", { grafana: { route: { kind: "ingress", className, tlsSecret: "grafana-tls" } } });
      const ingress = objects.find(({ kind }) => kind === "Ingress");
      expect(ingress?.metadata.annotations).toEqual({ "kubernetes.io/ingress.class": className });
      expect(ingress?.spec.ingressClassName).toBeUndefined();
      expect(ingress?.spec.tls[0].secretName).toBe("grafana-tls");
      const service = objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === "grafana");
      expect(service?.metadata.annotations).toEqual({ "cloud.google.com/neg": '{"ingress": true}' });
      // https://cloud.google.com/load-balancing/docs/firewall-rules
      const policy = objects.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "grafana");
      const from = policy?.spec.ingress.flatMap((rule: { from: object[] }) => rule.from);
      expect(from).toContainEqual({ ipBlock: { cidr: "35.191.0.0/16" } });
    },
  );
});

// https://learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium#limitations
test("aks: policies name nodes and the API server, which addresses do not match", () => {
  const objects = on("aks");
  expect(objects.filter(({ kind }) => kind === "NetworkPolicy")).toEqual([]);
  const prometheus = objects.find(
    ({ kind, metadata }) => kind === "CiliumNetworkPolicy" && metadata.name === "kube-prometheus-prometheus",
  );
  expect(prometheus?.spec.egress).toContainEqual({
    toEntities: ["host", "remote-node"],
    toPorts: [{ ports: [{ port: "10250", protocol: "TCP" }] }],
  });
});
