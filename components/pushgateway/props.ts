import type { ComponentProps, Endpoint } from "../../lib/kubernetes/index.ts";
import type { SizeOverride } from "../../lib/sizing/index.ts";

export interface PushgatewayProps extends ComponentProps {
  /** Pushed series of all jobs together. @default 1000: a dozen each for about a hundred jobs */
  readonly series?: number;
  /** Values that replace computed resources. @default computed from `series` */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
  /** Bytes of a volume that keeps pushed metrics across restarts. @default none: jobs push again in their next run */
  readonly diskBytes?: number;
  /** Age in seconds at which a pushed group triggers an alert. @default one day */
  readonly staleSeconds?: number;
}

export interface PushgatewayEndpoints {
  /** Push API: jobs push to `/metrics/job/<name>`. @see https://github.com/prometheus/pushgateway#api */
  readonly push: Endpoint;
}
