import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import { parse, stringify } from "yaml";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";

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

/**
 * A rendered Mimir configuration as it can start outside a cluster. All that is changed:
 * - listeners and rings use the given loopback address, and nobody is asked to join
 * - `/data` and `/etc/mimir` lie under the given folder
 * - in one process frontend and querier look for their scheduler on 127.0.0.1, where another Mimir may be: told the address
 * - rules are read again every second, so that a test need not wait a minute for each change
 */
export function offCluster(config: string, { host, folder }: { host: string; folder: string }): string {
  const moved = parse(config.replaceAll("/etc/mimir/", `${folder}/etc/`).replaceAll("/data/", `${folder}/data/`));
  const ring = { instance_addr: host };
  Object.assign(moved.server, { http_listen_address: host, grpc_listen_address: host });
  Object.assign(moved.memberlist, { bind_addr: [host], advertise_addr: host, join_members: [] });
  Object.assign(moved.ingester.ring, ring);
  Object.assign(moved.store_gateway.sharding_ring, ring);
  const scheduler = { scheduler_address: `${host}:${moved.server.grpc_listen_port}` };
  Object.assign(moved.frontend, { address: host, ...scheduler });
  moved.frontend_worker = scheduler;
  Object.assign(moved.ruler, { ring, poll_interval: "1s" });
  moved.compactor.sharding_ring = ring;
  moved.distributor.ring = ring;
  moved.querier.ring = ring;
  moved.query_scheduler = { ring };
  moved.overrides_exporter = { ring };
  mkdirSync(join(folder, "data"), { recursive: true });
  return stringify(moved, { lineWidth: 0 });
}
