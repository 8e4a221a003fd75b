import { MiB, sized, type WorkloadSize } from "../../lib/sizing/index.ts";

/** Bytes of one pushed series: the parsed metric family is kept as protobuf messages, about 1 KiB each. */
const bytesPerSeries = 1024;
/** Resident size of an idle one. */
const idleBytes = 24 * MiB;

export interface PushgatewaySizing {
  readonly pushgateway: WorkloadSize;
}

/** Computes {@link PushgatewaySizing}. @param series series of all jobs together */
export function sizePushgateway(series: number): PushgatewaySizing {
  const memoryBytes = idleBytes + series * bytesPerSeries;
  return {
    pushgateway: sized(
      { replicas: 1, cpuCores: 0.01 + series / 1_000_000, memoryBytes, memoryLimitBytes: 2 * memoryBytes },
      {
        replicas: "one by nature: two would each hold a part of the groups, and old values of the other's",
        cpuCores: "a push now and then, and a scrape of everything each interval",
        memoryBytes: `24 MiB and 1 KiB for each of ${series} series`,
        memoryLimitBytes: "twice that, while a scrape is written",
      },
    ),
  };
}
