import { stringify } from "yaml";
import {
  type ComponentChart,
  configMap,
  connectsToObjectStore,
  objectStoreIdentity,
  serviceAccount,
  serviceHost,
  statefulSet,
} from "../../../lib/kubernetes/index.ts";
import { type TempoConfigProps, tempoConfig, tempoPorts } from "./config.ts";
import { memberLabels, type TempoContext, tempoPod, tempoService, tempoServiceName } from "./pod.ts";
import type { TempoService } from "./sizing.ts";
import { scalable } from "./workloads.ts";

/** Tempo: one process, or a workload a service behind Kafka. */
export function tempo(chart: ComponentChart, props: Omit<TempoConfigProps, "addresses" | "gossipLabel">): void {
  const at = (part: TempoService | "memberlist", port: keyof typeof tempoPorts) =>
    `${serviceHost(chart, tempoServiceName(chart, part))}:${tempoPorts[port]}`;
  const config = tempoConfig({
    ...props,
    gossipLabel: `${chart.name}.${chart.home}`,
    addresses: {
      memberlist: at("memberlist", "gossip"),
      queryFrontend: at("query-frontend", "grpc"),
      backendScheduler: at("backend-scheduler", "grpc"),
    },
  });
  const annotations = objectStoreIdentity(props.objectStore);
  const context: TempoContext = {
    chart,
    config: configMap(chart, chart.component, chart.name, { "tempo.yaml": stringify(config, { lineWidth: 0 }) }),
    objectStore: props.objectStore,
    ...(props.kafka && { kafka: props.kafka }),
    ...(annotations && {
      identityAccount: serviceAccount(chart, { part: chart.component, name: chart.name, annotations }),
    }),
  };
  const { sizing } = props;
  const all = chart.pods("memberlist", memberLabels(chart));
  connectsToObjectStore(chart, all, props.objectStore);
  if (sizing.mode === "scalable") {
    scalable(context, sizing.services, props.kafka, props.metrics);
    return;
  }
  const part = chart.component;
  tempoService(chart, part, chart.name);
  statefulSet(chart, {
    ...tempoPod(context, sizing.tempo, { part, target: "all" }),
    serviceName: chart.name,
  });
}
