import { MiB, type SizeOverride, sized, type WorkloadSize, withOverride } from "../../lib/sizing/index.ts";

/** Bytes per pushed series: metric families are kept as parsed protobuf messages. An assumption. */
const bytesPerSeries = 1024;
/** Resident memory of an idle Pushgateway. An assumption. */
export const idleBytes = 24 * MiB;

/** Sizes of everything that the chart deploys. */
export interface PushgatewaySizing {
  readonly pushgateway: WorkloadSize;
}

/**
 * Computes {@link PushgatewaySizing}.
 * @param series pushed series of all jobs together
 * @param size values that replace computed ones
 */
export function sizePushgateway(
  series: number,
  size?: Omit<SizeOverride, "replicas" | "minReplicas">,
): PushgatewaySizing {
  const memoryBytes = idleBytes + series * bytesPerSeries;
  const computed = sized(
    { replicas: 1, cpuCores: 0.01 + series / 1_000_000, memoryBytes, memoryLimitBytes: 2 * memoryBytes },
    {
      replicas: "always one: each of several would hold only some groups, and outdated values of others",
      cpuCores: "occasional pushes, and one scrape per interval",
      memoryBytes: `24 MiB and 1 KiB for each of ${series} series`,
      memoryLimitBytes: "twice the request, while a scrape response is written",
    },
  );
  return { pushgateway: withOverride(computed, size) };
}
