import type { Construct } from "constructs";
import {
  ComponentChart,
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
  peerOf,
  reads,
  rules,
  scratchVolume,
  service,
  serviceAccount,
  serviceHost,
  serviceMonitor,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import { hostMetricsJob } from "../../lib/monitoring/host-metrics.ts";
import {
  detectedByEnvironment,
  detectorsOf,
  exportersOf,
  type GatewayTargets,
  metadataService,
} from "../../lib/otel/index.ts";
import { assertValid, completeWorkload, GiB } from "../../lib/sizing/index.ts";
import { alloyConfig } from "./config.ts";
import { hostMetricsPath, hostRoot } from "./host-metrics.ts";
import { journalFolder, type LogOptions, type LogSource, podLogFolder } from "./logs.ts";
import { alloyRules } from "./monitoring/alerts.ts";
import { alloyDashboard } from "./monitoring/dashboards.ts";
import { otlpPorts } from "./otlp.ts";
import type { AlloyEndpoints, AlloyProps } from "./props.ts";
import { alloyShape } from "./shape.ts";
import { type AlloySizing, logSourceFor, sizeAlloy } from "./sizing.ts";
import { validateAlloy } from "./validate.ts";

const httpPort = 12_345;
/** User ID of the image's unprivileged user. */
const alloyUser = 473;
/** Directory of positions in log files. */
const storageFolder = "/var/lib/alloy";
const apiServerPorts = [443, 6443];

/** Whether Alloy needs host paths or the host network, and so a namespace of Pod Security level `privileged`. */
export function alloyNeedsHost(props: {
  readonly logSource: LogSource;
  readonly hostMetrics: boolean;
  readonly logOptions?: LogOptions;
}): boolean {
  return props.logSource === "files" || props.hostMetrics || (props.logOptions?.journal ?? false);
}

/**
 * Alloy on every node: sends pod logs to Loki, exposes host metrics, and sends OTLP of applications to the gateway, spans
 * routed by trace ID.
 */
export class AlloyChart extends ComponentChart<AlloyEndpoints> {
  /** What each of its props may be. */
  static readonly shape = alloyShape;

  readonly endpoints: AlloyEndpoints;

  /** Computed sizes, with the overrides applied. */
  readonly sizing: AlloySizing;

  /** @throws InvalidPropsError with every finding of {@link validateAlloy} */
  constructor(scope: Construct, id: string, props: AlloyProps) {
    super(scope, id, "alloy", props);
    assertValid("AlloyChart", this.name, validateAlloy(props));
    const workload = completeWorkload(props.workload);
    const hostMetrics = props.hostMetrics ?? false;
    const logSource = props.logSource ?? logSourceFor(workload);
    const size = { ...props.size, ...sizeOverride(props) };
    const sizing = sizeAlloy({
      workload,
      hostMetrics,
      exporters: props.gateway ? exportersOf(props.gateway) : 0,
      size,
    });
    this.sizing = sizing;
    const { logs, gateway, logOptions } = props;
    const host = alloyNeedsHost({
      logSource: logs ? logSource : "api",
      hostMetrics,
      ...(logOptions && { logOptions }),
    });
    const config = configMap(this, this.component, this.name, {
      "config.alloy": alloyConfig({
        sizing,
        cluster: this.cluster.name,
        logSource,
        hostMetrics,
        detectors: detectorsOf(this.cluster.platform),
        tenantNamespaces: props.tenantNamespaces ?? {},
        ...(logs && { logs }),
        ...(logOptions && { logOptions }),
        ...(gateway && { gateway }),
      }),
    });
    const ports = { http: httpPort, ...(gateway && otlpPorts) };
    service(this, {
      part: this.component,
      ports,
      // Applications reach the Alloy of their own node, which knows the attributes of their pods.
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
            // Without it, Alloy's load balancer accepts the configuration and drops the metrics.
            ...(gateway?.otlpByTraceId ? ["--stability.level=experimental"] : []),
          ],
          env: { ...detectedByEnvironment(this.cluster.name), GOMEMLIMIT: goMemoryLimit(sizing.alloy) },
          ports,
          probes: { port: "http", readiness: "/-/ready", startupSeconds: 120 },
          mounts: [
            { volume: configVolume(config, "config"), path: "/etc/alloy" },
            ...(logs && logSource === "files"
              ? fileMounts
              : [{ volume: scratchVolume("storage", GiB), path: storageFolder }]),
            ...(logs && logOptions?.journal ? [journalMount] : []),
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

  /** Rights to read pods and their logs, and to watch the gateway's endpoints. */
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
    // With node-exporter's job and the node's name, so that node rules and dashboards work with both.
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

  private edgesOf(pods: Pods, logs: Endpoint | undefined, gateway: GatewayTargets | undefined): void {
    this.connects(pods, "api server", apiServerPorts, "pod attributes and logs");
    if (logs) this.connectsTo(pods, logs, "pod logs");
    if (!gateway) return;
    this.connects("any pod", pods, Object.values(otlpPorts), "application telemetry");
    this.connectsTo(pods, gateway.otlp, "metrics, logs and spans");
    const { otlpByService } = gateway;
    if (otlpByService) this.connects(pods, peerOf(otlpByService), [otlpByService.port], "spans for span metrics");
    if (detectorsOf(this.cluster.platform).length > 0) {
      this.connects(pods, { cidrs: [metadataService] }, [80], "cloud region and zone");
    }
  }

  private publish(pods: Pods): AlloyEndpoints {
    const host = serviceHost(this, this.name);
    return {
      otlpGrpc: { scheme: "grpc", host, port: otlpPorts["otlp-grpc"], pods },
      otlpHttp: { scheme: "http", host, port: otlpPorts["otlp-http"], pods },
    };
  }
}

/** Container logs, /proc and /sys belong to root. Reading them as root needs no capability. */
const hostPrivileges: Privileges = {
  reason: "container logs and the host's /proc and /sys belong to root",
  runAsRoot: true,
};

/** Positions are kept on the node, so that a new pod continues where the previous one stopped. */
const fileMounts: readonly Mount[] = [
  { volume: hostVolume("pod-logs", podLogFolder), path: podLogFolder },
  { volume: hostVolume("storage", "/var/lib/skopos-alloy", "DirectoryOrCreate"), path: storageFolder, readOnly: false },
];

const journalMount: Mount = { volume: hostVolume("journal", journalFolder), path: journalFolder };
const rootMount: Mount = { volume: hostVolume("root", "/"), path: hostRoot, propagation: "HostToContainer" };
