import { hostsOf, type Port, portOf } from "../../../lib/formats/index.ts";
import { yamlText } from "../../../lib/formats/yaml.ts";
import {
  type ComponentChart,
  claimVolume,
  configMap,
  configVolume,
  deployment,
  type EnvValue,
  goMemoryLimit,
  type Mount,
  scratchVolume,
  secretVolume,
  service,
  serviceMonitor,
  statefulSet,
} from "../../../lib/kubernetes/index.ts";
import { GiB, type WorkloadSize } from "../../../lib/sizing/index.ts";
import {
  dataDirectory,
  type JaegerStorage,
  jaegerConfig,
  jaegerPorts,
  searchPasswordDirectory,
  searchUserVariable,
} from "./config.ts";
import { indexCleaner } from "./index-cleaner.ts";

/** UID of the image's user. */
const jaegerUser = 10_001;

/** Adds Jaeger v2 to the chart: one pod with a volume (badger), or any number of pods with a search engine. */
export function jaeger(
  chart: ComponentChart,
  sized: WorkloadSize,
  storage: JaegerStorage,
  retentionSeconds: number,
): void {
  const part = chart.component;
  const config = configMap(chart, part, chart.name, {
    "jaeger.yaml": yamlText(jaegerConfig({ storage, resources: sized, retentionSeconds })),
  });
  const { health: _, ...ports } = jaegerPorts;
  // Headless with badger, to govern the StatefulSet. The gateway's exporter balances over DNS results in either case.
  service(chart, { part, ports, ...(storage.kind === "badger" && { headless: true }) });
  serviceMonitor(chart, {
    part,
    name: chart.name,
    port: "metrics",
    targetPort: jaegerPorts.metrics,
    class: "infrastructure",
  });
  const search = searchAccess(storage);
  const pod = {
    part,
    sized,
    user: jaegerUser,
    terminationGraceSeconds: 60,
    containers: [
      {
        name: "jaeger",
        image: "jaeger",
        args: ["--config=/etc/jaeger/config/jaeger.yaml"],
        env: {
          // By default it would send its own spans to localhost:4317, which is itself.
          OTEL_TRACES_SAMPLER: "always_off",
          GOMEMLIMIT: goMemoryLimit(sized),
          ...search.env,
        },
        ports: jaegerPorts,
        probes: { port: "health", readiness: "/status", liveness: "/status", startupSeconds: 300 },
        mounts: [
          { volume: configVolume(config, "config"), path: "/etc/jaeger/config" },
          dataMount(sized),
          ...search.mounts,
        ],
      },
    ],
  } as const;
  if (storage.kind === "badger") {
    statefulSet(chart, { ...pod, serviceName: chart.name });
    return;
  }
  deployment(chart, pod);
  const searchAt = searchPorts(storage.urls);
  const searchHosts = hostsOf(...storage.urls);
  chart.connectsOutside(chart.pods(part), searchHosts, searchAt, `spans, to ${storage.kind}`);
  if ((storage.retention ?? "cleaner") === "cleaner") {
    indexCleaner(chart, storage, retentionSeconds);
    chart.connectsOutside(chart.pods("index-cleaner"), searchHosts, searchAt, "deletion of old indexes");
  }
}

function dataMount(sized: WorkloadSize): Mount {
  const volume = sized.diskBytes ? claimVolume("data", sized.diskBytes) : scratchVolume("data", GiB);
  return { volume, path: dataDirectory };
}

/** The user name is an environment variable and the password a file, which may change while Jaeger runs. */
function searchAccess(storage: JaegerStorage): { env: Readonly<Record<string, EnvValue>>; mounts: readonly Mount[] } {
  if (storage.kind === "badger" || !storage.credentials) return { env: {}, mounts: [] };
  const { username, password } = storage.credentials;
  return {
    env: { [searchUserVariable]: username },
    mounts: [{ volume: secretVolume(password.secret), path: searchPasswordDirectory }],
  };
}

/** Explicit or default ports of the URLs. */
function searchPorts(urls: readonly string[]): readonly Port[] {
  return [...new Set(urls.map((each) => portOf(each, 9200)))];
}
