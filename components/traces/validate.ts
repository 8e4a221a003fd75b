import { type Finding, formatBytes, formatCount } from "../../lib/sizing/index.ts";
import type { JaegerStorage } from "./jaeger/config.ts";
import { badgerLargestDisk } from "./jaeger/sizing.ts";
import type { TracesSizing } from "./sizing.ts";
import type { Kafka } from "./tempo/config.ts";
import { monolithicSpansPerSecond, mostPartitions } from "./tempo/sizing.ts";

/** What the checks look at. */
export interface CheckedTraces {
  readonly sizing: TracesSizing;
  readonly retentionSeconds: number;
  /** Jaeger's store. @default badger */
  readonly storage?: JaegerStorage;
  readonly kafka?: Kafka;
}

/** What the programs accept and then cannot carry. */
export function checkTraces(traces: CheckedTraces): Finding[] {
  return traces.sizing.backend === "jaeger" ? checkJaeger(traces) : checkTempo(traces);
}

function checkJaeger({ sizing, storage, retentionSeconds }: CheckedTraces): Finding[] {
  if (sizing.backend !== "jaeger") return [];
  const findings: Finding[] = [];
  if (retentionSeconds < 3600) {
    findings.push({
      code: "SKP1212",
      at: "retention.traces",
      message: `${retentionSeconds} s: spans would be gone before anybody looks`,
      fix: "1h",
    });
  }
  const { diskBytes, replicas } = sizing.jaeger;
  if ((storage?.kind ?? "badger") === "badger") {
    const rate = `${formatCount(sizing.keptSpansPerSecond)} kept spans/s`;
    if (diskBytes === undefined || replicas !== 1) {
      findings.push({
        code: "SKP1211",
        at: "sizing.jaeger",
        message: "badger is one process's own store: it needs exactly one pod, with a disk",
        fix: "one replica with diskBytes, or elasticsearch or opensearch by reference",
      });
    } else if (diskBytes > badgerLargestDisk) {
      findings.push({
        code: "SKP1214",
        at: "traces.backend",
        message: `badger for ${rate} needs a disk of ${formatBytes(diskBytes)}; it is meant for development and small clusters, up to ${formatBytes(badgerLargestDisk)}`,
        fix: "Jaeger with elasticsearch or opensearch by reference, or tempo with object storage",
      });
    }
  } else if (storage?.kind !== "badger" && storage?.urls.length === 0) {
    findings.push({
      code: "SKP1212",
      at: "storage.urls",
      message: `no address of ${storage.kind}`,
      fix: '["https://search.example:9200"]',
    });
  }
  return findings;
}

function checkTempo({ sizing, kafka }: CheckedTraces): Finding[] {
  if (sizing.backend !== "tempo") return [];
  const { tempo, keptSpansPerSecond } = sizing;
  const rate = formatCount(keptSpansPerSecond);
  if (tempo.mode === "monolithic") {
    if (keptSpansPerSecond <= monolithicSpansPerSecond) return [];
    return [
      {
        code: "SKP1214",
        at: "traces.backend",
        message: `${rate} kept spans/s in a single Tempo, which carries ${formatCount(monolithicSpansPerSecond)} (25 MB/s), 80 k at best`,
        fix: "a Kafka by reference for the scalable form, a lower keepPercent at the gateway, or Jaeger with a search engine",
      },
    ];
  }
  const findings: Finding[] = [];
  if (!kafka) {
    findings.push({
      code: "SKP1207",
      at: "traces.kafka",
      message: "scalable Tempo 3 passes every span through Kafka, and none is named",
      fix: "kafka:\n  address: kafka.example:9092",
    });
  }
  if (tempo.partitions > mostPartitions) {
    findings.push({
      code: "SKP1214",
      at: "traces.backend",
      message: `${rate} kept spans/s need ${tempo.partitions} partitions; a topic is made with ${mostPartitions}`,
      fix: "a lower keepPercent at the gateway, or one stack a group of clusters",
    });
  }
  return findings;
}
