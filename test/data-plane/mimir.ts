import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import { parse, stringify } from "yaml";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { type RunningProgram, start } from "./process.ts";

/** One Mimir container of a rendered chart. */
export interface MimirContainer {
  readonly name: string;
  readonly args: readonly string[];
}

const kinds = ["Deployment", "StatefulSet"];

/** Every Mimir container that a chart renders, with the arguments it runs with. */
export function mimirContainers(chart: ComponentChart): MimirContainer[] {
  return (chart.toJson() as IDeployment[])
    .filter(({ kind }) => kinds.includes(kind as string))
    .flatMap(({ metadata, spec }) =>
      (spec?.template.spec?.containers ?? [])
        .filter(({ image }) => image?.includes("/mimir"))
        .map(({ args }) => ({ name: metadata?.name ?? "", args: args ?? [] })),
    );
}

/** A file of one of a chart's ConfigMaps. */
export function configFile(chart: ComponentChart, configMap: string, file: string): string {
  const found = chart.toJson().find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap);
  const content = found?.data?.[file];
  if (typeof content !== "string") throw new Error(`${configMap} has no ${file}`);
  return content;
}

/** Files of a ConfigMap, written to a folder as the kubelet would. */
export function writeConfigMap(chart: ComponentChart, configMap: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const found = chart.toJson().find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap);
  for (const [file, content] of Object.entries(found?.data ?? {})) writeFileSync(join(folder, file), content as string);
}

/** Where a Mimir process stands in a test. */
export interface MimirPlacement {
  /** Loopback address that it binds. */
  readonly host: string;
  /** Takes the place of the pod's disk and of its mounts. */
  readonly folder: string;
  /** Address of the query-scheduler. @default host: all is one process */
  readonly scheduler?: string;
  /** Address of the query-frontend that evaluates rules. @default host */
  readonly frontend?: string;
  /** Address of a process that all others join. @default nobody joins */
  readonly join?: string;
  /** Folder that takes the place of the bucket. @default the store that is configured */
  readonly bucket?: string;
}

/**
 * A rendered Mimir configuration as it can start outside a cluster. All that is changed:
 * - listeners and rings use the given loopback address, which also stands for the pod's name, and only the given process is joined
 * - `/data` and `/etc/mimir` lie under the given folder, the bucket in another
 * - the scheduler's address: one process looks for it on 127.0.0.1, where another Mimir may be
 * - Alertmanager is looked for on that address too, where the test may listen
 * - no memcached: queries ask the store itself
 * - rules are read again every second, so that a test need not wait a minute for each change
 */
export function offCluster(config: string, placement: MimirPlacement): string {
  const { host, folder, scheduler = host, frontend = host, join: joined, bucket } = placement;
  const moved = parse(config.replaceAll("/etc/mimir/", `${folder}/etc/`).replaceAll("/data/", `${folder}/data/`));
  const ring = { instance_addr: host, instance_id: host };
  Object.assign(moved.server, { http_listen_address: host, grpc_listen_address: host });
  const join_members = joined ? [`${joined}:${moved.memberlist.bind_port ?? 7946}`] : [];
  Object.assign(moved.memberlist, { bind_addr: [host], advertise_addr: host, join_members });
  Object.assign(moved.ingester.ring, ring);
  moved.frontend_worker = { scheduler_address: `${scheduler}:${moved.server.grpc_listen_port}` };
  Object.assign(moved.frontend, moved.frontend_worker, { address: host, cache_results: false });
  delete moved.frontend.results_cache;
  delete moved.blocks_storage.bucket_store.chunks_cache;
  delete moved.blocks_storage.bucket_store.metadata_cache;
  if (moved.blocks_storage.bucket_store.index_cache.memcached) delete moved.blocks_storage.bucket_store.index_cache;
  Object.assign(moved.ruler, { ring, poll_interval: "1s" });
  if (moved.ruler.query_frontend) moved.ruler.query_frontend.address = `${frontend}:${moved.server.grpc_listen_port}`;
  for (const member of [moved.compactor, moved.store_gateway])
    member.sharding_ring = { ...member.sharding_ring, ...ring };
  for (const member of [moved.distributor, moved.querier, moved.query_scheduler])
    member.ring = { ...member.ring, ...ring };
  moved.overrides_exporter = { ring };
  const alerting = moved.limits.ruler_alertmanager_client_config;
  if (alerting) alerting.alertmanager_url = `http://${host}:9093`;
  if (bucket) {
    moved.common.storage = { backend: "filesystem", filesystem: { dir: join(bucket, "common") } };
    delete moved.blocks_storage.s3;
    moved.blocks_storage.filesystem = { dir: join(bucket, "blocks") };
  }
  mkdirSync(join(folder, "data"), { recursive: true });
  return stringify(moved, { lineWidth: 0 });
}

/**
 * Starts one rendered Mimir container as a process: its configuration off the cluster, its runtime file, its arguments,
 * and a folder for the rules that a test may put there. An ingester is ready at once: the 15 s after which it says so
 * slow a rollout down, for neighbours that it does not have here.
 *
 * @param more flags after the rendered ones, and the environment that the container would get from Secrets
 */
export function startMimir(
  chart: ComponentChart,
  container: MimirContainer,
  placement: MimirPlacement,
  more: { readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): RunningProgram {
  writeConfigMap(chart, "mimir-runtime", join(placement.folder, "etc/runtime"));
  mkdirSync(join(placement.folder, "etc/rules"), { recursive: true });
  const file = join(placement.folder, "mimir.yaml");
  writeFileSync(file, offCluster(configFile(chart, "mimir", "mimir.yaml"), placement));
  const args = container.args.map((arg) => (arg.startsWith("-config.file=") ? `-config.file=${file}` : arg));
  return start("mimir", [...args, "-ingester.ring.min-ready-duration=0s", ...(more.flags ?? [])], more.env);
}
