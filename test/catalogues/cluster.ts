// One real cluster runs the dev stack and what kube-state-metrics watches: its programs are recorded there.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultAdminSecret } from "../../stacks/components/grafana.ts";
import { programPath } from "../binaries/find.ts";
import { apply } from "../cluster/apply.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { componentImages, mirrors } from "../cluster/component-images.ts";
import { controlPlaneAddress } from "../cluster/network.ts";
import { openBackends } from "../cluster/stacks/telemetry.ts";
import { prerequisites, variant } from "../cluster/stacks/variants.ts";
import { standInBinary } from "../cluster/stand-in.ts";
import { until } from "../support/wait.ts";
import { type Expositions, grouped } from "./exposition.ts";
import { exposeTargets, textOf } from "./index.ts";
import { exposeNodes, exposeRotating } from "./nodes.ts";
import { apiService, namespace, objects } from "./objects.ts";
import { hasSeries } from "./programs.ts";

const image = "mirror.test/recorded:1";

/** The dev stack on a cluster of the tests. */
const dev = variant("dev", {
  "images.registries": mirrors,
  "cluster.nodeCidrs": ["10.99.0.0/24"],
  "cluster.apiServerCidrs": ["10.99.0.0/24"],
});
const { stack } = dev.resolved.props.namespaces;

/** Series that only something that goes wrong begins. */
const provoked: Readonly<Record<string, readonly string[]>> = {
  cadvisor: ["container_cpu_cfs_throttled_periods_total", "container_network_receive_bytes_total"],
  coredns: ["coredns_dns_responses_total"],
  "kube-apiserver": ["apiserver_request_terminations_total", "aggregator_unavailable_apiservice_total"],
  "kube-state-metrics": [
    "kube_cronjob_status_last_successful_time",
    "kube_job_failed",
    "kube_node_spec_taint",
    "kube_pod_container_status_waiting_reason",
    "kube_pod_container_status_last_terminated_reason",
    "kube_state_metrics_list_total",
    "kube_state_metrics_watch_total",
    "kube_volumeattachment_info",
  ],
  kubelet: ["kubelet_evictions", "kubelet_volume_stats_used_bytes"],
  "otel-gateway-received": ["http_server_request_duration_seconds_count", "container_memory_usage_bytes"],
};

/** Starts the cluster and returns what its programs expose. */
export async function exposeCluster(): Promise<Expositions> {
  await using cluster = await startCluster({ nodes: { real: 2 } });
  for (const { spec } of await componentImages(dev.images)) await cluster.load(spec);
  await cluster.load({ reference: image, binary: await standInBinary(), path: "/bin/recorded" });
  const { name, userKey, passwordKey } = defaultAdminSecret;
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: stack } };
  await apply(cluster.api, [
    ...prerequisites(dev),
    ...dev.objects,
    { ...secret, stringData: { [userKey]: "admin", [passwordKey]: "only for this recording" } },
    ...objects(image),
  ]);
  await taint(cluster);
  const unprivileged = startUnprivilegedStateMetrics(cluster);
  const backends = await until("the stack to be reached", () => openBackends(cluster, stack), { every: 2_000 });
  await until(
    "all targets to have been scraped",
    async () => {
      const all = await backends.targets();
      return all.length > 20 && all.every(({ health }) => health === "up");
    },
    { every: 2_000 },
  );
  let missing: string[] = [];
  const found = await until(
    "the series of everything that went wrong",
    async () => {
      await traffic(cluster, backends);
      const texts = grouped([
        ...(await exposeTargets(cluster, await backends.targets())),
        ...(await exposeNodes(cluster)),
        ["kube-state-metrics", await textOf(cluster, unprivileged)],
      ]);
      missing = Object.entries(provoked).flatMap(([program, series]) =>
        series.filter((each) => !hasSeries(texts[program] ?? [], each)),
      );
      return missing.length === 0 && texts;
    },
    { every: 5_000, explain: () => `missing: ${missing.join(", ")}` },
  );
  return { ...found, kubelet: [...found.kubelet!, await exposeRotating(cluster)] };
}

const taint = async ({ api }: Cluster) => {
  const taints = [{ key: "example.com/recorded", value: "yes", effect: "PreferNoSchedule" }];
  await api.send("PATCH", "/api/v1/nodes/node-2", { spec: { taints } }, "application/merge-patch+json");
};

/** A kube-state-metrics that may list nothing. @returns the URL of its own metrics, as the cluster sees it */
function startUnprivilegedStateMetrics({ server, directory, start }: Cluster): string {
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server, "certificate-authority": join(directory, "ca.crt") } }],
    users: [
      {
        name: "nobody",
        user: {
          "client-certificate": join(directory, "admin.crt"),
          "client-key": join(directory, "admin.key"),
          as: "nobody",
        },
      },
    ],
    contexts: [{ name: "c", context: { cluster: "c", user: "nobody" } }],
    "current-context": "c",
  };
  const file = join(directory, "nobody.kubeconfig");
  writeFileSync(file, JSON.stringify(kubeconfig));
  start("kube-state-metrics", programPath("kube-state-metrics")!, [
    `--kubeconfig=${file}`,
    "--resources=pods,nodes",
    "--port=18080",
    "--telemetry-port=18081",
  ]);
  return `http://${controlPlaneAddress}:18081/metrics`;
}

/** A request that the API server cuts off, an API that was there and is not, a CronJob that was once successful, and an application's telemetry. */
async function traffic({ api }: Cluster, backends: Awaited<ReturnType<typeof openBackends>>): Promise<void> {
  await api.send("GET", "/api/v1/pods?timeout=1ns").catch(() => {});
  const time = "2026-01-01T00:00:00Z";
  const conditions = [{ type: "Available", status: "True", lastTransitionTime: time }];
  await api.send(
    "PATCH",
    `/apis/apiregistration.k8s.io/v1/apiservices/${apiService}/status`,
    { status: { conditions } },
    "application/merge-patch+json",
  );
  await api.send(
    "PATCH",
    `/apis/batch/v1/namespaces/${namespace}/cronjobs/cronjob-a/status`,
    { status: { lastScheduleTime: time, lastSuccessfulTime: time } },
    "application/merge-patch+json",
  );
  await backends.send("checkout", "payment refused", "POST /pay");
  await backends.post("/v1/metrics", httpServerMetrics());
}

/**
 * The duration of two requests as OpenTelemetry's instrumentation of HTTP servers reports it, with the attributes that are required.
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.37.0/docs/http/http-metrics.md#metric-httpserverrequestduration
 */
function httpServerMetrics(): object {
  const attributes = (of: Record<string, string>) =>
    Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const point = (status: number) => ({
    timeUnixNano: `${Date.now()}000000`,
    startTimeUnixNano: `${Date.now() - 60_000}000000`,
    count: "1",
    sum: 0.1,
    explicitBounds: [0.5],
    bucketCounts: ["1", "0"],
    attributes: [
      ...attributes({
        "http.request.method": "GET",
        "http.route": "/cart",
        "url.scheme": "http",
        ...(status >= 500 && { "error.type": `${status}` }),
      }),
      { key: "http.response.status_code", value: { intValue: `${status}` } },
    ],
  });
  const histogram = { aggregationTemporality: 2, dataPoints: [point(200), point(500)] };
  const metrics = [{ name: "http.server.request.duration", unit: "s", histogram }];
  const resource = { attributes: attributes({ "service.name": "checkout" }) };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
}
