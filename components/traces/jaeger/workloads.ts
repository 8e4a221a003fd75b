import { stringify } from "yaml";
import {
  anywhere,
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
  type JaegerStorage,
  jaegerConfig,
  jaegerDataFolder,
  jaegerPorts,
  searchPasswordFolder,
  searchUserVariable,
} from "./config.ts";
import { indexCleaner } from "./index-cleaner.ts";

/** Uid of Jaeger's image. */
const jaegerUser = 10001;

/** Jaeger reads YAML 1.1, to which an unquoted date layout, `2006-01-02`, is a date and no string. */
const quoted = { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" } as const;

/** Jaeger v2: takes OTLP, keeps spans itself (one pod with a disk) or in a search engine (any number of pods), answers queries. */
export function jaeger(
  chart: ComponentChart,
  sized: WorkloadSize,
  storage: JaegerStorage,
  retentionSeconds: number,
): void {
  const part = chart.component;
  const config = configMap(chart, part, chart.name, {
    "jaeger.yaml": stringify(jaegerConfig({ storage, resources: sized, retentionSeconds }), quoted),
  });
  const { health: _, ...ports } = jaegerPorts;
  // Headless beside a disk: it names the one pod. The gateway's exporter spreads over what DNS answers either way.
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
          // Its own spans would go to localhost:4317, which is itself.
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
  chart.connects(chart.pods(part), anywhere, searchAt, `spans, to ${storage.kind}`);
  if ((storage.retention ?? "cleaner") === "cleaner") {
    indexCleaner(chart, storage, retentionSeconds);
    chart.connects(chart.pods("index-cleaner"), anywhere, searchAt, "deletes old indices");
  }
}

function dataMount(sized: WorkloadSize): Mount {
  const volume = sized.diskBytes ? claimVolume("data", sized.diskBytes) : scratchVolume("data", GiB);
  return { volume, path: jaegerDataFolder };
}

/** User name by environment, password by file: the file may change while Jaeger runs. */
function searchAccess(storage: JaegerStorage): { env: Readonly<Record<string, EnvValue>>; mounts: readonly Mount[] } {
  if (storage.kind === "badger" || !storage.credentials) return { env: {}, mounts: [] };
  const { username, password } = storage.credentials;
  return {
    env: { [searchUserVariable]: username },
    mounts: [{ volume: secretVolume(password.secret), path: searchPasswordFolder }],
  };
}

/** A URL's port: stated, or its scheme's own. */
function searchPorts(urls: readonly string[]): readonly number[] {
  const ports = urls.map((each) => Number(/:(\d+)\/?$/.exec(each)?.[1] ?? (each.startsWith("https:") ? 443 : 80)));
  return [...new Set(ports)].sort((a, b) => a - b);
}
