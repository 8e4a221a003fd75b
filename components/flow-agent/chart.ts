import type { Construct } from "constructs";
import type { IPolicyRule } from "kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule";
import type { INodeSelectorRequirement } from "kubernetes-models/v1/NodeSelectorRequirement";
import { permissions } from "../../bpf-agent/src/kubernetes/permissions.ts";
import { yamlText } from "../../lib/formats/yaml.ts";
import {
  ComponentChart,
  configMap,
  configVolume,
  daemonSet,
  dashboardConfigMap,
  hostVolume,
  type Pods,
  type Privileges,
  rules,
  service,
  serviceAccount,
  serviceMonitor,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import { assertValid, completeWorkload } from "../../lib/sizing/index.ts";
import { decorationScope, flowAgentConfig, gracePeriodSeconds, httpPort, nodeEnvironment } from "./config.ts";
import { flowAgentAlerts } from "./monitoring/alerts.ts";
import { flowAgentDashboard } from "./monitoring/dashboards.ts";
import type { FlowAgentEndpoints, FlowAgentProps } from "./props.ts";
import { flowAgentShape } from "./shape.ts";
import { type FlowAgentSizing, sizeFlowAgent } from "./sizing.ts";
import { validateFlowAgent } from "./validate.ts";

/**
 * The flow agent: an eBPF program on every node that counts each packet in one flow, and sends each flow as a span to the gateway.
 * It needs a namespace of Pod Security level `privileged`, for the host's network and three capabilities.
 */
export class FlowAgentChart extends ComponentChart<FlowAgentEndpoints> {
  /** What each of its props may be. */
  static readonly shape = flowAgentShape;

  readonly endpoints: FlowAgentEndpoints = {};

  /** Computed sizes, with the overrides applied. */
  readonly sizing: FlowAgentSizing;

  /** @throws InvalidPropsError with every finding of {@link validateFlowAgent} */
  constructor(scope: Construct, id: string, props: FlowAgentProps) {
    super(scope, id, "flow-agent", props, { image: "flow-agent" });
    assertValid("FlowAgentChart", this.name, validateFlowAgent(props));
    const { flows, config = {} } = props;
    const workload = completeWorkload(props.workload);
    const sizing = sizeFlowAgent({ workload, config, size: { ...props.size, ...sizeOverride(props) } });
    this.sizing = sizing;
    const decoration = decorationScope(config, workload.nodes);
    const file = configMap(this, this.component, this.name, {
      "agent.yaml": yamlText(flowAgentConfig({ sizing, cluster: this.cluster, flows, config, scope: decoration })),
    });
    const ports = { metrics: httpPort };
    daemonSet(this, {
      part: this.component,
      sized: sizing.agent,
      user: 0,
      serviceAccount: serviceAccount(this, {
        part: this.component,
        hostAgent: true,
        ...(decoration && { clusterRules: permissions(decoration) as IPolicyRule[] }),
      }),
      hostNetwork: true,
      tolerations: [{ operator: "Exists" }],
      nodes: nodesThatRunIt,
      maxUnavailable: sizing.maxUnavailable,
      // Open flows are ended first, then what is left is sent, each within the grace period.
      terminationGraceSeconds: 2 * gracePeriodSeconds + 10,
      containers: [
        {
          name: this.component,
          image: "flow-agent",
          args: ["--config=/etc/skopos/agent.yaml"],
          env: nodeEnvironment,
          ports,
          probes: {
            port: "metrics",
            startup: "/startup",
            readiness: "/readyz",
            liveness: "/livez",
            startupSeconds: 120,
          },
          mounts: [
            { volume: configVolume(file, "config"), path: "/etc/skopos" },
            ...(decoration ? [{ volume: hostVolume("cgroup", cgroupFolder, "Directory"), path: cgroupFolder }] : []),
          ],
          // On a kernel that cannot load the program, the agent says so and ends.
          explainsFailures: true,
          privileges,
        },
      ],
    });
    service(this, { part: this.component, name: this.name, ports, headless: true });
    const pods: Pods = { ...this.pods(this.component), hostNetwork: true };
    const node = ["__meta_kubernetes_pod_node_name"];
    serviceMonitor(this, {
      part: this.component,
      name: this.name,
      port: "metrics",
      targetPort: httpPort,
      pods,
      // The node's name, which other metrics of the node use and which does not change with its address.
      relabelings: [
        { action: "replace", sourceLabels: node, targetLabel: "instance" },
        { action: "replace", sourceLabels: node, targetLabel: "node" },
      ],
      class: "infrastructure",
    });
    this.connectsTo(pods, flows, "network flows");
    rules(this, this.component, flowAgentAlerts(this));
    dashboardConfigMap(this, flowAgentDashboard(this));
  }
}

/** The node's cgroups tell which pod a process on the host's network belongs to. Below it, the agent looks for those of version 2. */
const cgroupFolder = "/sys/fs/cgroup";

/** What loading and attaching the program needs, as measured by bpf-agent/test/features.kernel.test.ts. Capabilities need user 0. */
const privileges: Privileges = {
  reason: "BPF and PERFMON load the program and its maps, NET_ADMIN attaches it to the node's interfaces",
  capabilities: ["BPF", "NET_ADMIN", "PERFMON"],
  runAsRoot: true,
};

/**
 * Kernels from 5.14 on, where node-feature-discovery says which kernel a node has. Each list is an alternative. Elsewhere the agent
 * itself finds out, and says why before it ends.
 * @see https://github.com/kubernetes-sigs/node-feature-discovery/blob/v0.17.3/docs/usage/features.md#kernel
 */
const nodesThatRunIt: readonly (readonly INodeSelectorRequirement[])[] = [
  [{ key: "feature.node.kubernetes.io/kernel-version.major", operator: "DoesNotExist" }],
  [{ key: "feature.node.kubernetes.io/kernel-version.major", operator: "Gt", values: ["5"] }],
  [
    { key: "feature.node.kubernetes.io/kernel-version.major", operator: "In", values: ["5"] },
    { key: "feature.node.kubernetes.io/kernel-version.minor", operator: "Gt", values: ["13"] },
  ],
];
