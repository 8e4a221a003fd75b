import {
  type ComponentChart,
  container,
  type EnvValue,
  objectLabels,
  placementOf,
  podSecurity,
  trusting,
  trustVolumes,
} from "../../../lib/kubernetes/index.ts";
import { MiB, sized } from "../../../lib/sizing/index.ts";
import { defaultIndexPrefix, type SearchStorage } from "./config.ts";

const part = "index-cleaner";
/** It lists the indexes and deletes some within seconds. */
const resources = sized(
  { replicas: 1, cpuCores: 0.02, memoryBytes: 64 * MiB },
  { replicas: "one run per night", cpuCores: "a few requests", memoryBytes: "a stateless Go program" },
);
/** UID of the image's user. */
const user = 10001;

/** Adds a CronJob that deletes daily indexes older than the retention. */
export function indexCleaner(chart: ComponentChart, storage: SearchStorage, retentionSeconds: number): void {
  const name = `${chart.name}-${part}`;
  const { credentials } = storage;
  const env: Record<string, EnvValue> = {
    INDEX_PREFIX: storage.indexPrefix ?? defaultIndexPrefix,
    ...(credentials && { ES_USERNAME: credentials.username, ES_PASSWORD: credentials.password }),
  };
  const { podLabels, podAnnotations, ...options } = chart.options(part);
  const days = Math.ceil(retentionSeconds / 86_400);
  const template = {
    metadata: {
      labels: { ...objectLabels(chart.identity(part)), ...podLabels },
      ...(podAnnotations && { annotations: { ...podAnnotations } }),
    },
    spec: {
      restartPolicy: "OnFailure" as const,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity(chart.cluster.platform, { user }),
      ...placementOf(options),
      ...(chart.images.pullSecrets && { imagePullSecrets: chart.images.pullSecrets.map((each) => ({ name: each })) }),
      containers: [
        container(
          chart,
          trusting(chart, {
            name: part,
            image: "jaeger-es-index-cleaner",
            args: [String(days), storage.urls[0] as string],
            env,
            resources,
          }),
        ),
      ],
      ...(chart.certificateAuthorities.length > 0 && { volumes: [...trustVolumes(chart)] }),
    },
  };
  chart.add({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: chart.metadata(name, part),
    spec: {
      // After midnight UTC, when a new daily index has started.
      schedule: "55 0 * * *",
      concurrencyPolicy: "Forbid",
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: { spec: { backoffLimit: 3, activeDeadlineSeconds: 1800, template } },
    },
  });
  chart.footprints.push({
    component: chart.component,
    kind: "CronJob",
    namespace: chart.home,
    name,
    perPod: resources,
    sized: resources,
  });
}
