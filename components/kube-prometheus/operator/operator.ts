import type { ApiObject } from "cdk8s";
import {
  apiServerPorts,
  type ComponentChart,
  deployment,
  dnsDomain,
  imageReference,
  partName,
  service,
  serviceAccount,
  serviceMonitor,
} from "../../../lib/kubernetes/index.ts";
import { bytesQuantity, cpuQuantity, type WorkloadSize } from "../../../lib/sizing/index.ts";
import { exposesKubelet } from "../control-plane/targets.ts";
import { nobody, reloader } from "./operated.ts";
import { alertmanagerConfigRules, operatorClusterRules, operatorNamespaceRules } from "./rights.ts";

const part = "operator";
const ports = { http: 8080 } as const;

/**
 * Adds the Prometheus Operator. It creates workloads in this namespace only, and reads monitors and rules of all.
 * @param configNamespaces other namespaces whose AlertmanagerConfigs it reads
 */
export function operator(
  chart: ComponentChart,
  sized: WorkloadSize,
  configNamespaces: readonly string[] = [],
): ApiObject {
  const others = configNamespaces.filter((name) => name !== chart.home);
  const name = partName(chart, part);
  const kubelets = exposesKubelet(chart.cluster.platform);
  const account = serviceAccount(chart, {
    part,
    clusterRules: operatorClusterRules,
    namespaceRules: operatorNamespaceRules(kubelets),
    otherNamespaces: { names: others, rules: alertmanagerConfigRules },
  });
  const workload = deployment(chart, {
    part,
    sized,
    user: nobody,
    serviceAccount: account,
    // Two would both reconcile: it elects no leader.
    recreate: true,
    containers: [
      {
        name: part,
        image: "prometheus-operator",
        args: [
          `--web.listen-address=:${ports.http}`,
          "--web.enable-tls=false",
          `--prometheus-config-reloader=${imageReference("prometheus-config-reloader", chart.images)}`,
          `--config-reloader-cpu-request=${cpuQuantity(reloader.cpuCores)}`,
          "--config-reloader-cpu-limit=0",
          `--config-reloader-memory-request=${bytesQuantity(reloader.memoryBytes)}`,
          `--config-reloader-memory-limit=${bytesQuantity(reloader.memoryLimitBytes ?? reloader.memoryBytes)}`,
          "--enable-config-reloader-probes=true",
          `--cluster-domain=${dnsDomain(chart.cluster)}`,
          `--prometheus-instance-namespaces=${chart.home}`,
          `--alertmanager-instance-namespaces=${chart.home}`,
          `--alertmanager-config-namespaces=${[chart.home, ...others].join(",")}`,
          `--thanos-ruler-instance-namespaces=${chart.home}`,
          // The list of kubelets stands beside the stack and goes with it, instead of staying behind in kube-system.
          ...(kubelets
            ? [
                `--kubelet-service=${chart.home}/kubelet`,
                "--kubelet-endpoints=false",
                "--kubelet-endpointslice=true",
                "--kubelet-http-metrics=false",
              ]
            : []),
        ],
        env: { GOGC: "30" },
        ports,
        probes: { port: "http", readiness: "/healthz", liveness: "/healthz" },
      },
    ],
  });
  service(chart, { part, name, ports, headless: true });
  serviceMonitor(chart, {
    part,
    name,
    port: "http",
    targetPort: ports.http,
    relabelings: [{ action: "replace", targetLabel: "job", replacement: "prometheus-operator" }],
    class: "infrastructure",
  });
  chart.connects(chart.pods(part), "api server", apiServerPorts, "resources to reconcile");
  return workload;
}
