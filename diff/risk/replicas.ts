import { at, type Manifest } from "../model/object.ts";

/** Pods of a workload, shards included; undefined for one on every node, and for what runs no pods. */
export function replicasOf({ kind, spec }: Manifest): number | undefined {
  if (kind === "DaemonSet" || at(spec, "mode") === "daemonset") return undefined;
  const replicas = Number(at(spec, "replicas") ?? 1);
  const shards = kind === "Prometheus" || kind === "PrometheusAgent" ? Number(at(spec, "shards") ?? 1) : 1;
  return replicas * shards;
}
