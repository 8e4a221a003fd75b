import { yamlText } from "../../../lib/formats/yaml.ts";
import {
  type ComponentChart,
  configMap,
  objectStoreAccount,
  partName,
  serviceHost,
} from "../../../lib/kubernetes/index.ts";
import { onlyTenant, type TempoConfigProps, tempoConfig, tempoPorts } from "./config.ts";
import { connectTempo } from "./edges.ts";
import { ringService, type TempoContext } from "./pod.ts";
import { microservices, monolithic } from "./workloads.ts";

export interface TempoProps extends Omit<TempoConfigProps, "hosts" | "gossipLabel"> {
  /** Limits beyond those derived from the workload, under Tempo's own names. */
  readonly limits: Readonly<Record<string, unknown>>;
}

/** Adds Tempo to the chart: one process, or one workload per component, connected by Kafka. */
export function tempo(chart: ComponentChart, props: TempoProps): void {
  const { sizing, objectStore, kafka, metrics, limits } = props;
  const at = (part: string) => `${serviceHost(chart, partName(chart, part))}:${tempoPorts.grpc}`;
  const config = tempoConfig({
    ...props,
    gossipLabel: `${chart.name}.${chart.home}`,
    hosts: {
      memberlist: `${serviceHost(chart, ringService(chart))}:${tempoPorts.gossip}`,
      queryFrontend: at("query-frontend"),
      backendScheduler: at("backend-scheduler"),
    },
  });
  const identityAccount = objectStoreAccount(chart, objectStore);
  const context: TempoContext = {
    chart,
    config: configMap(chart, chart.component, chart.name, { "tempo.yaml": yamlText(config) }),
    // Reloaded every ten seconds: changing a limit restarts no pod.
    overrides: configMap(
      chart,
      chart.component,
      `${chart.name}-overrides`,
      { "overrides.yaml": yamlText({ overrides: { [onlyTenant]: limits } }) },
      { reloads: true },
    ),
    objectStore,
    ...(kafka && { kafka }),
    ...(identityAccount && { identityAccount }),
  };
  if (sizing.mode === "monolithic") monolithic(context, sizing.tempo);
  else microservices(context, sizing.services);
  connectTempo(chart, { mode: sizing.mode, objectStore, ...(kafka && { kafka }), ...(metrics && { metrics }) });
}
