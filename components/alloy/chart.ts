import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  configMap,
  configVolume,
  daemonSet,
  dashboardConfigMap,
  type Endpoint,
  goMemoryLimit,
  hostVolume,
  type Mount,
  type Pods,
  type Privileges,
  reads,
  rules,
  scratchVolume,
  service,
  serviceAccount,
  serviceHost,
  serviceMonitor,
} from "../../lib/kubernetes/index.ts";
import { hostMetricsJob } from "../../lib/monitoring/host-metrics.ts";
import { GiB, type Workload, workloads } from "../../lib/sizing/index.ts";
import { alloyConfig } from "./config.ts";
import { hostMetricsPath, hostRoot } from "./host-metrics.ts";
import { type LogSource, nodeVariable, podLogFolder } from "./logs.ts";
import { alloyRules } from "./monitoring/alerts.ts";
import { alloyDashboard } from "./monitoring/dashboards.ts";
import { type AlloyGateway, otlpPorts } from "./otlp.ts";
import { type AlloySizing, logSourceFor, sizeAlloy } from "./sizing.ts";

export interface AlloyProps extends ComponentProps {
  /** Loki's push API, for pod logs. @default none are read */
  readonly logs?: Endpoint;
  /** The gateway, for applications' OTLP. @default none is received */
  readonly gateway?: AlloyGateway;
  /** Whether it gives the hosts' metrics. Only where node-exporter does not. @default false */
  readonly hostMetrics?: boolean;
  /** @default "api" below the `medium` workload, "files" from it on */
  readonly logSource?: LogSource;
  /** What it has to carry. @default the `small` workload */
  readonly workload?: Workload;
  /** @default computed from the workload */
  readonly sizing?: AlloySizing;
}

export interface AlloyEndpoints {
  /** OTLP/gRPC for applications. Absent without a gateway. */
  readonly otlpGrpc?: Endpoint;
  /** OTLP/HTTP for applications. Absent without a gateway. */
  readonly otlpHttp?: Endpoint;
}

const httpPort = 12_345;
/** Uid of the image's unprivileged user. */
const alloyUser = 473;
/** Where positions in log files are kept. */
const storageFolder = "/var/lib/alloy";
const apiServerPorts = [443, 6443];

/** Whether Alloy needs the node: its namespace must then allow host paths, and the host's network for hosts' metrics. */
export function alloyNeedsHost(props: { readonly logSource: LogSource; readonly hostMetrics: boolean }): boolean {
  return props.logSource === "files" || props.hostMetrics;
}

/**
 * Alloy on every node: pod logs to Loki, the hosts' metrics for whoever scrapes them, applications' OTLP to the gateway,
 * spans by trace id.
 */
export class AlloyChart extends ComponentChart<AlloyEndpoints> {
  readonly endpoints: AlloyEndpoints;

  constructor(scope: Construct, id: string, props: AlloyProps) {
    super(scope, id, "alloy", props);
    const workload = props.workload ?? workloads.small;
    const hostMetrics = props.hostMetrics ?? false;
    const logSource = props.logSource ?? logSourceFor(workload);
    const sizing = props.sizing ?? sizeAlloy({ workload, hostMetrics, otlp: props.gateway !== undefined });
    const host = alloyNeedsHost({ logSource: props.logs ? logSource : "api", hostMetrics });
    const { logs, gateway } = props;
    const config = configMap(this, this.component, this.name, {
      "config.alloy": alloyConfig({
        sizing,
        cluster: this.cluster.name,
        logSource,
        hostMetrics,
        ...(logs && { logs }),
        ...(gateway && { gateway }),
      }),
    });
    const ports = { http: httpPort, ...(gateway && otlpPorts) };
    service(this, {
      part: this.component,
      ports,
      // Applications reach the Alloy of their own node: it is the one that knows their pods.
      ...(gateway && { internalTrafficPolicy: "Local" }),
    });
    daemonSet(this, {
      part: this.component,
      sized: sizing.alloy,
      user: alloyUser,
      serviceAccount: this.account(host),
      tolerations: [{ operator: "Exists" }],
      terminationGraceSeconds: 60,
      ...(hostMetrics && { hostNetwork: true, hostPID: true }),
      containers: [
        {
          name: "alloy",
          image: "alloy",
          args: [
            "run",
            "/etc/alloy/config.alloy",
            `--storage.path=${storageFolder}`,
            `--server.http.listen-addr=0.0.0.0:${httpPort}`,
            "--disable-reporting",
          ],
          env: { [nodeVariable]: { field: "spec.nodeName" }, GOMEMLIMIT: goMemoryLimit(sizing.alloy) },
          ports,
          probes: { port: "http", readiness: "/-/ready", startupSeconds: 120 },
          mounts: [
            { volume: configVolume(config, "config"), path: "/etc/alloy" },
            ...(logs && logSource === "files"
              ? fileMounts
              : [{ volume: scratchVolume("storage", GiB), path: storageFolder }]),
            ...(hostMetrics ? [rootMount] : []),
          ],
          ...(host && { privileges: hostPrivileges }),
        },
      ],
    });
    const pods: Pods = { ...this.pods(this.component), ...(hostMetrics && { hostNetwork: true }) };
    this.monitors(pods, hostMetrics);
    this.edgesOf(pods, logs, gateway);
    const does = { logs: logs !== undefined, otlp: gateway !== undefined };
    rules(this, this.component, alloyRules(this, does));
    dashboardConfigMap(this, alloyDashboard(this, does));
    this.endpoints = gateway ? this.publish(pods) : {};
  }

  /** Reads pods and, through the API, their logs; watches the gateway's pods. */
  private account(hostAgent: boolean): string {
    return serviceAccount(this, {
      part: this.component,
      hostAgent,
      clusterRules: [
        reads("", "pods", "pods/log", "namespaces", "nodes", "endpoints"),
        reads("apps", "replicasets", "deployments", "statefulsets", "daemonsets"),
        reads("batch", "jobs"),
        reads("discovery.k8s.io", "endpointslices"),
      ],
    });
  }

  private monitors(pods: Pods, hostMetrics: boolean): void {
    const shared = { part: this.component, port: "http", targetPort: httpPort, pods, class: "infrastructure" } as const;
    serviceMonitor(this, { ...shared, name: this.name });
    if (!hostMetrics) return;
    // By node-exporter's job and the node's name, so that rules and dashboards of nodes do not notice who measures.
    const node = ["__meta_kubernetes_pod_node_name"];
    serviceMonitor(this, {
      ...shared,
      name: `${this.name}-host`,
      path: hostMetricsPath,
      relabelings: [
        { action: "replace", targetLabel: "job", replacement: hostMetricsJob },
        { action: "replace", sourceLabels: node, targetLabel: "instance" },
        { action: "replace", sourceLabels: node, targetLabel: "node" },
      ],
    });
  }

  private edgesOf(pods: Pods, logs: Endpoint | undefined, gateway: AlloyGateway | undefined): void {
    this.connects(pods, "api server", apiServerPorts, "pods' names and owners, and their logs");
    if (logs) this.connectsTo(pods, logs, "pod logs");
    if (!gateway) return;
    this.connects("any pod", pods, Object.values(otlpPorts), "application telemetry");
    this.connectsTo(pods, gateway.otlp, "metrics and logs; spans by trace id");
  }

  private publish(pods: Pods): AlloyEndpoints {
    const host = serviceHost(this, this.name);
    return {
      otlpGrpc: { scheme: "grpc", host, port: otlpPorts["otlp-grpc"], pods },
      otlpHttp: { scheme: "http", host, port: otlpPorts["otlp-http"], pods },
    };
  }
}

/** Log files are root's; the hosts' root file system too. No capability is added: reading one's own files takes none. */
const hostPrivileges: Privileges = {
  reason: "container logs and the host's /proc and /sys belong to root",
  runAsRoot: true,
};

/** Positions are kept on the node: a new pod goes on where the last one stopped. */
const fileMounts: readonly Mount[] = [
  { volume: hostVolume("pod-logs", podLogFolder), path: podLogFolder },
  { volume: hostVolume("storage", "/var/lib/skopos-alloy", "DirectoryOrCreate"), path: storageFolder, readOnly: false },
];

const rootMount: Mount = { volume: hostVolume("root", "/"), path: hostRoot, propagation: "HostToContainer" };
