import { validateObjectStore, validateOptions, type Workloads, workloadFacts } from "../../lib/kubernetes/index.ts";
import {
  type Finding,
  formatBytes,
  formatCount,
  MiB,
  missingService,
  overload,
  separateDisks,
  shortRetention,
  validateProps,
  validateWorkload,
} from "../../lib/sizing/index.ts";
import { badgerMaxDisk, idleBytes } from "./jaeger/sizing.ts";
import { type ResolvedTracesProps, resolveTracesProps, type TracesProps, tracesLoad } from "./props.ts";
import { tracesShape } from "./shape.ts";
import { sizeTraces, type TracesSizing } from "./sizing.ts";
import { maxPartitions, monolithicSpansPerSecond } from "./tempo/sizing.ts";

/** What to set where the backend does not carry the load. */
const searchEngine = 'storage: {kind: elasticsearch, urls: ["https://search.example.com:9200"]}';
const kafkaCluster = 'kafka: {address: "kafka.example.com:9092"}';

/** Shortest retention in seconds: badger and Tempo delete hourly, and nobody looks at a trace within minutes. */
const minRetention = 3600;

/** Finds mistakes that Jaeger and Tempo accept at startup, and loads beyond what they carry. */
export function validateTraces(props: TracesProps): readonly Finding[] {
  return validateProps(props, tracesShape, () => combinations(props));
}

function combinations(props: TracesProps): readonly Finding[] {
  const resolved = resolveTracesProps(props);
  const amounts = validateWorkload(resolved.workload);
  // Sizes computed from invalid numbers would only add misleading findings.
  if (amounts.length > 0) return amounts;
  const sizing = sizeTraces(tracesLoad(resolved));
  return [
    ...validateRetention(resolved),
    ...(sizing.backend === "jaeger" ? validateJaeger(resolved, sizing) : validateTempo(resolved, sizing)),
    ...validateOptions(props, workloadsOf(resolved, sizing)),
  ];
}

/** Memory of an idle Tempo, of which each service is a part: see its sizing. */
const idleTempoBytes = 128 * MiB;

function workloadsOf({ storage }: ResolvedTracesProps, sizing: TracesSizing): Workloads {
  if (sizing.backend === "jaeger") {
    const single = storage.kind === "badger" ? "badger is embedded in one process" : undefined;
    return { main: { size: sizing.jaeger, idleBytes, ...(single && { single }) } };
  }
  const { tempo } = sizing;
  const onlyScheduler = "only one backend-scheduler may exist";
  if (tempo.mode === "monolithic") {
    return { main: { size: tempo.tempo, idleBytes: idleTempoBytes, single: onlyScheduler } };
  }
  return { others: workloadFacts(tempo.services, idleTempoBytes, { "backend-scheduler": onlyScheduler }) };
}

function validateRetention({ retention }: ResolvedTracesProps): Finding[] {
  if (retention.traces >= minRetention) return [];
  const why = "traces would expire before anyone can look at them";
  return [shortRetention("retention.traces", retention.traces, minRetention, why)];
}

function validateJaeger(
  { storage }: ResolvedTracesProps,
  sizing: Extract<TracesSizing, { readonly backend: "jaeger" }>,
): Finding[] {
  if (storage.kind !== "badger") {
    if (storage.urls.length > 0) return [];
    return [missingService("storage.urls", storage.kind, '["https://search.example.com:9200"]')];
  }
  const { diskBytes = 0, replicas } = sizing.jaeger;
  if (replicas !== 1) {
    const fix = "1 # or an external elasticsearch or opensearch";
    return [separateDisks(`${replicas} Jaeger pods with badger`, "replicas", fix)];
  }
  if (diskBytes <= badgerMaxDisk) return [];
  return [
    overload(
      "backend",
      `${formatCount(sizing.keptSpansPerSecond)} kept spans/s need a volume of ${formatBytes(diskBytes)}`,
      `badger is meant for development and small clusters, up to ${formatBytes(badgerMaxDisk)}`,
      `${searchEngine}\n# or backend: tempo, with object storage`,
    ),
  ];
}

function validateTempo(
  { namespace, objectStore, kafka }: ResolvedTracesProps,
  { tempo, keptSpansPerSecond }: Extract<TracesSizing, { readonly backend: "tempo" }>,
): Finding[] {
  const findings = [...validateObjectStore(objectStore, namespace)];
  const rate = formatCount(keptSpansPerSecond);
  if (tempo.mode === "monolithic") {
    if (keptSpansPerSecond > monolithicSpansPerSecond) {
      const limit = `a single Tempo process carries ${formatCount(monolithicSpansPerSecond)} (10 MB/s)`;
      const fix = `${kafkaCluster}\n# or a lower keepPercent at the gateway, or Jaeger with a search engine`;
      findings.push(overload("backend", `${rate} kept spans/s`, limit, fix));
    }
    return findings;
  }
  if (objectStore.kind === "filesystem") {
    findings.push(separateDisks("the services of Tempo"));
  }
  if (!kafka) {
    findings.push(missingService("kafka", "Kafka", kafkaCluster));
  }
  if (tempo.partitions > maxPartitions) {
    const load = `${rate} kept spans/s need ${tempo.partitions} partitions`;
    const fix = "# set a lower keepPercent at the gateway, or deploy one stack per group of clusters";
    findings.push(overload("backend", load, `Tempo creates its topic with ${maxPartitions}`, fix));
  }
  return findings;
}
