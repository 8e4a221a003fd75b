import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { parse, stringify } from "yaml";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { programPath } from "../../binaries/find.ts";
import { until } from "../../support/wait.ts";
import type { Cluster } from "../cluster.ts";
import { type Daemon, freePorts } from "../daemon.ts";

/** A scrape configuration, as far as the tests look into it. */
export interface ScrapeConfig {
  readonly job_name: string;
  readonly kubernetes_sd_configs?: readonly { readonly role: string }[];
  readonly [field: string]: unknown;
}

export interface PrometheusConfig {
  readonly scrape_configs: readonly ScrapeConfig[];
  readonly [field: string]: unknown;
}

/**
 * Runs the real prometheus-operator on this machine with the arguments of its Deployment in the stack, and with the rights of
 * its service account and no others: every request is made in the account's name.
 */
export async function startOperator(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<Daemon> {
  const binary = programPath("prometheus-operator");
  if (binary === undefined) throw new Error("not built yet: node test/binaries/build.ts prometheus-operator");
  const deployment = objects.find(
    ({ kind, metadata }) => kind === "Deployment" && metadata.name.endsWith("-operator"),
  )!;
  type Template = { template: { spec: { serviceAccountName: string; containers: [{ args: string[] }] } } };
  const { serviceAccountName, containers } = (deployment.spec as Template).template.spec;
  const [port] = await freePorts(1);
  const { directory, server } = cluster;
  return cluster.start("prometheus-operator", binary, [
    ...containers[0].args.filter((arg) => !arg.startsWith("--web.listen-address")),
    `--web.listen-address=127.0.0.1:${port}`,
    `--apiserver=${server}`,
    `--ca-file=${join(directory, "ca.crt")}`,
    `--cert-file=${join(directory, "admin.crt")}`,
    `--key-file=${join(directory, "admin.key")}`,
    `--as=system:serviceaccount:${deployment.metadata.namespace}:${serviceAccountName}`,
  ]);
}

/** The configuration that the operator generated for a Prometheus, once `isComplete` finds it so. */
export async function generatedConfig(
  cluster: Cluster,
  prometheus: KubernetesObject,
  isComplete: (config: PrometheusConfig) => boolean,
  explain: () => string,
): Promise<PrometheusConfig> {
  const { name, namespace = "" } = prometheus.metadata;
  type Secret = { data?: Readonly<Record<string, string>> };
  return until(
    `the configuration of Prometheus ${name}`,
    async () => {
      const secret = await cluster.api.get<Secret>("v1", "Secret", namespace, `prometheus-${name}`);
      const packed = secret?.data?.["prometheus.yaml.gz"];
      if (packed === undefined) return undefined;
      const config = parse(gunzipSync(Buffer.from(packed, "base64")).toString()) as PrometheusConfig;
      return isComplete(config) && config;
    },
    { every: 500, explain },
  );
}

/** A target that Prometheus' own discovery and relabelling leave: where it would be scraped, and the labels it gets. */
export type Labels = Readonly<Record<string, string>>;

/**
 * What one shard would scrape for a job, by `promtool check service-discovery`: real discovery against the API server and
 * real relabelling, but no scrape.
 */
export async function discover(
  cluster: Cluster,
  config: PrometheusConfig,
  job: ScrapeConfig,
  shard: number,
): Promise<Labels[]> {
  const promtool = programPath("promtool");
  if (promtool === undefined) throw new Error("not built yet: node test/binaries/build.ts prometheus");
  const withAccess = {
    ...job,
    kubernetes_sd_configs: (job.kubernetes_sd_configs ?? []).map((discovery) => ({
      ...discovery,
      kubeconfig_file: cluster.kubeconfig,
    })),
  };
  // Rule files, remote writes and credentials are other tests' matter, and their files are in pods.
  const text = stringify({ global: config.global, scrape_configs: [withAccess] }).replaceAll("$(SHARD)", String(shard));
  const path = join(cluster.directory, `${job.job_name.replaceAll("/", "_")}-${shard}.yaml`);
  writeFileSync(path, text);
  const { stdout } = await promisify(execFile)(
    promtool,
    ["check", "service-discovery", "--timeout=4s", path, job.job_name],
    { maxBuffer: 1 << 26 },
  );
  type Found = { readonly discoveredLabels: Labels; readonly labels: Labels | null };
  const kept = (JSON.parse(stdout) as Found[]).filter(({ labels }) => Object.keys(labels ?? {}).length > 0);
  // While it listens promtool adds up what it is told: an object that changes meanwhile is there again with all its targets.
  return [...new Map(kept.map(({ discoveredLabels, labels }) => [source(discoveredLabels), labels!])).values()];
}

/** Which address of which object a target was found at. */
const source = (found: Labels): string =>
  ["__meta_kubernetes_endpointslice_name", "__meta_kubernetes_pod_uid", "__address__"]
    .map((label) => found[label] ?? "")
    .join(" ");
