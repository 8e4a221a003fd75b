import type { ComponentProps, Endpoint, TenantNamespaces } from "../../lib/kubernetes/index.ts";
import type { GatewayTargets } from "../../lib/otel/index.ts";
import type { SizeOverride, Workload } from "../../lib/sizing/index.ts";
import type { LogOptions, LogSource } from "./logs.ts";

export interface AlloyProps extends ComponentProps {
  /** Loki's push API, for pod logs. @default none: no pod logs are read */
  readonly logs?: Endpoint;
  /** Namespaces whose logs are sent to `logs` as another tenant. @default none */
  readonly tenantNamespaces?: TenantNamespaces;
  /** Endpoints of the gateway, for OTLP of applications. @default none: no OTLP is received */
  readonly gateway?: GatewayTargets;
  /** Provide host metrics, if node-exporter does not. Needs a namespace of Pod Security level `privileged`. @default false */
  readonly hostMetrics?: boolean;
  /** How pod logs are read; `files` needs a namespace of Pod Security level `privileged`. @default "api" below the `medium` workload, else "files" */
  readonly logSource?: LogSource;
  /** What happens to log lines on their way to Loki. @default lines are sent as they are */
  readonly logOptions?: LogOptions;
  /** Of which nodes, pods, `logBytesPerDay` and `spansPerSecond` are used. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** Values that replace computed resources. @default computed from the workload */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

export interface AlloyEndpoints {
  /** OTLP/gRPC for applications. Absent without a gateway. */
  readonly otlpGrpc?: Endpoint;
  /** OTLP/HTTP for applications. Absent without a gateway. */
  readonly otlpHttp?: Endpoint;
}
