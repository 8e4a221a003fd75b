import { type Block, block, printAlloy } from "../../lib/alloy/index.ts";
import type { Endpoint, TenantNamespaces } from "../../lib/kubernetes/index.ts";
import { applicationTelemetry, type GatewayTargets } from "../../lib/otel/index.ts";
import { hostMetrics } from "./host-metrics.ts";
import { type LogOptions, type LogSource, podLogs } from "./logs.ts";
import { otlp } from "./otlp.ts";
import type { AlloySizing } from "./sizing.ts";

export interface AlloyConfigProps {
  readonly sizing: AlloySizing;
  /** Value of the `cluster` label. */
  readonly cluster: string;
  readonly logSource: LogSource;
  /** Loki's push API. Absent: no pod logs are read. */
  readonly logs?: Endpoint;
  readonly logOptions?: LogOptions;
  /** Namespaces whose logs belong to another tenant. */
  readonly tenantNamespaces: TenantNamespaces;
  readonly hostMetrics: boolean;
  /** Resource detectors, after `env`. */
  readonly detectors: readonly string[];
  /** Absent: no OTLP is received. */
  readonly gateway?: GatewayTargets;
}

/** Alloy's configuration, block by block. */
function alloyBlocks(props: AlloyConfigProps): Block[] {
  return [
    block("logging", { level: "info", format: "logfmt" }),
    ...(props.logs ? podLogs({ ...props, push: props.logs }) : []),
    ...(props.hostMetrics ? hostMetrics() : []),
    ...(props.gateway
      ? otlp(
          applicationTelemetry({
            gateway: props.gateway,
            resources: props.sizing.alloy,
            queueItems: props.sizing.queueItems,
            detectors: props.detectors,
          }),
        )
      : []),
  ];
}

/** Alloy's configuration file. */
export function alloyConfig(props: AlloyConfigProps): string {
  return printAlloy(alloyBlocks(props));
}
