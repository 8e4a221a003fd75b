import { validateObjectStore } from "../../lib/kubernetes/index.ts";
import { type Finding, formatBytes, formatCount, formatDuration } from "../../lib/sizing/index.ts";
import { badgerMaxDisk } from "./jaeger/sizing.ts";
import { type ResolvedTracesProps, resolveTracesProps, type TracesProps, tracesLoad } from "./props.ts";
import { sizeTraces, type TracesSizing } from "./sizing.ts";
import { maxPartitions, monolithicSpansPerSecond } from "./tempo/sizing.ts";

/** Shortest retention in seconds: badger and Tempo delete hourly, and nobody looks at a trace within minutes. */
const minRetention = 3600;

/** Finds mistakes that Jaeger and Tempo accept at startup, and loads beyond what they carry. */
export function validateTraces(props: TracesProps): readonly Finding[] {
  const resolved = resolveTracesProps(props);
  const sizing = props.sizing ?? sizeTraces(tracesLoad(resolved));
  return [
    ...validateRetention(resolved),
    ...(sizing.backend === "jaeger" ? validateJaeger(resolved, sizing) : validateTempo(resolved, sizing)),
  ];
}

function validateRetention({ retention }: ResolvedTracesProps): Finding[] {
  if (retention.traces >= minRetention) return [];
  return [
    {
      code: "SKP1221",
      at: "retention.traces",
      message: `${formatDuration(retention.traces)}: traces would expire before anyone can look at them`,
      fix: "1h",
    },
  ];
}

function validateJaeger(
  { storage }: ResolvedTracesProps,
  sizing: Extract<TracesSizing, { readonly backend: "jaeger" }>,
): Finding[] {
  if (storage.kind !== "badger") {
    if (storage.urls.length > 0) return [];
    return [
      {
        code: "SKP1233",
        at: "storage.urls",
        message: `no address of ${storage.kind}`,
        fix: '["https://search.example:9200"]',
      },
    ];
  }
  const { diskBytes, replicas } = sizing.jaeger;
  if (diskBytes === undefined || replicas !== 1) {
    return [
      {
        code: "SKP1211",
        at: "overrides.jaeger",
        message: "badger is embedded in one process: it needs exactly one pod, with a volume",
        fix: "one replica with diskBytes, or an external elasticsearch or opensearch",
      },
    ];
  }
  if (diskBytes <= badgerMaxDisk) return [];
  return [
    {
      code: "SKP1214",
      at: "backend",
      message: `badger for ${formatCount(sizing.keptSpansPerSecond)} kept spans/s needs a volume of ${formatBytes(diskBytes)}; it is meant for development and small clusters, up to ${formatBytes(badgerMaxDisk)}`,
      fix: "Jaeger with an external elasticsearch or opensearch, or tempo with object storage",
    },
  ];
}

function validateTempo(
  { namespace, objectStore, bucket, kafka, workload }: ResolvedTracesProps,
  { tempo, keptSpansPerSecond }: Extract<TracesSizing, { readonly backend: "tempo" }>,
): Finding[] {
  const findings = [...validateObjectStore(objectStore, bucket, namespace)];
  const rate = formatCount(keptSpansPerSecond);
  if (tempo.mode === "monolithic") {
    if (keptSpansPerSecond > monolithicSpansPerSecond) {
      findings.push({
        code: "SKP1214",
        at: "backend",
        message: `${rate} kept spans/s in a single Tempo process, which carries ${formatCount(monolithicSpansPerSecond)} (25 MB/s)`,
        fix: "kafka for microservices mode, a lower keepPercent at the gateway, or Jaeger with a search engine",
      });
    }
    return findings;
  }
  if (objectStore.kind === "filesystem") {
    findings.push({
      code: "SKP1211",
      at: "objectStore",
      message: `the services of Tempo for ${formatCount(workload.spansPerSecond)} spans/s would each keep blocks on a volume that the others cannot read`,
      fix: "objectStore: {kind: s3, endpoint: ..., region: ...}",
    });
  }
  if (!kafka) {
    findings.push({
      code: "SKP1233",
      at: "kafka",
      message: "in microservices mode Tempo 3 passes every span through Kafka, and none is set",
      fix: 'kafka: {address: "kafka.example:9092"}',
    });
  }
  if (tempo.partitions > maxPartitions) {
    findings.push({
      code: "SKP1214",
      at: "backend",
      message: `${rate} kept spans/s need ${tempo.partitions} partitions; Tempo creates its topic with ${maxPartitions}`,
      fix: "a lower keepPercent at the gateway, or one stack per group of clusters",
    });
  }
  return findings;
}
