// Mimir charts and their files, for tests.
import { App } from "cdk8s";
import { parse } from "yaml";
import { MimirChart, type MimirProps } from "../../components/mimir/index.ts";
import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import { type Scale, type Workload, workloads } from "../../lib/sizing/index.ts";
import { objectOf } from "./charts.ts";

/** The smallest of all: one node. */
export const devWorkload: Workload = {
  ...workloads.small,
  nodes: 1,
  pods: 30,
  activeSeries: 20_000,
  queriesPerSecond: 1,
};

/** A bucket with keys. */
export const s3: ObjectStore = {
  kind: "s3",
  endpoint: "s3.example:9000",
  region: "eu",
  credentials: { accessKeyId: { secret: "s3", key: "id" }, secretAccessKey: { secret: "s3", key: "key" } },
};
const alertmanager = { scheme: "http", host: "alertmanager-operated.obs.svc", port: 9093 } as const;
/** A cluster whose zones are known. */
export const cluster = { name: "prod", version: "1.36", platform: "eks", zones: ["eu-1a", "eu-1b", "eu-1c"] } as const;

/** A chart of one scale, on S3, with an Alertmanager. */
export function render(scale: Scale, props: Partial<MimirProps> = {}) {
  return new MimirChart(new App(), "mimir", {
    namespace: "obs",
    workload: workloads[scale],
    objectStore: s3,
    alertmanager,
    ...props,
  });
}

/** A file of one of its ConfigMaps, read. */
export const fileOf = (chart: MimirChart, name: string, file: string) =>
  parse((objectOf(chart, "ConfigMap", name) as unknown as { data: Record<string, string> }).data[file] ?? "");
/** Its configuration file, read. */
export const configOf = (chart: MimirChart) => fileOf(chart, "mimir", "mimir.yaml");
