import {
  type ComponentChart,
  configHashAnnotation,
  configMap,
  configVolume,
  connectsToObjectStore,
  container,
  type EnvValue,
  objectLabels,
  objectStorePodLabels,
  placementOf,
  podSecurity,
  type RemoteStore,
  rcloneRemote,
  scratchVolume,
  trusting,
  trustVolumes,
} from "../../../lib/kubernetes/index.ts";
import { MiB, sized } from "../../../lib/sizing/index.ts";
import { restoredTenant } from "../limits.ts";
import { archiveScript, restoreScript, settleHours } from "./scripts.ts";

const part = "archive";

/** UID of the image's user. */
const user = 1009;

/** Blocks are copied inside the object store, and hashed as a stream. No published figure exists. */
const resources = sized(
  { replicas: 1, cpuCores: 0.1, memoryBytes: 128 * MiB, memoryLimitBytes: 512 * MiB },
  {
    replicas: "one run per day",
    cpuCores: "hashes a day's blocks (estimate)",
    memoryBytes: "lists and read buffers (estimate)",
    memoryLimitBytes: "four transfers with buffers of 16 MiB, and the lists (estimate)",
  },
);

/** What the archive needs of Mimir. */
export interface ArchiveProps {
  readonly objectStore: RemoteStore;
  /** Mimir's bucket. */
  readonly bucket: string;
  /** The archive's bucket. */
  readonly archiveBucket: string;
  /** ServiceAccount of the pods: their identity towards the object store. */
  readonly identityAccount: string;
}

/** Name of the CronJob that archives. */
export const archiveJob = (chart: ComponentChart): string => `${chart.name}-${part}`;

/** Adds a CronJob that archives blocks every night, and a suspended one from which Jobs that restore are created. */
export function archive(chart: ComponentChart, props: ArchiveProps): void {
  const { objectStore } = props;
  const name = archiveJob(chart);
  const scripts = configMap(chart, part, name, { "archive.sh": archiveScript, "restore.sh": restoreScript });
  const { podLabels, podAnnotations, ...options } = chart.options(part);
  const work = { volume: scratchVolume("work"), path: "/work" };
  const remote = rcloneRemote("store", objectStore);
  const job = (script: string, env: Readonly<Record<string, EnvValue>> = {}) => ({
    backoffLimit: 3,
    // The first run copies all that Mimir has.
    activeDeadlineSeconds: 20 * 3600,
    template: {
      metadata: {
        labels: {
          ...objectLabels(chart.identity(part)),
          ...objectStorePodLabels(objectStore),
          ...podLabels,
        },
        annotations: { ...podAnnotations, [configHashAnnotation(scripts.name)]: scripts.hash ?? "" },
      },
      spec: {
        restartPolicy: "Never" as const,
        automountServiceAccountToken: false,
        serviceAccountName: props.identityAccount,
        enableServiceLinks: false,
        securityContext: podSecurity(chart.cluster.platform, { user }),
        ...placementOf(options),
        ...(chart.images.pullSecrets && { imagePullSecrets: chart.images.pullSecrets.map((each) => ({ name: each })) }),
        containers: [
          {
            ...container(
              chart,
              trusting(chart, {
                name: part,
                image: "rclone",
                command: ["/bin/sh", `/scripts/${script}`],
                env: {
                  ...remote,
                  ...env,
                  SOURCE_BUCKET: props.bucket,
                  ARCHIVE_BUCKET: props.archiveBucket,
                  RESTORE_TENANT: restoredTenant,
                },
                resources,
                mounts: [{ volume: configVolume(scripts, "scripts"), path: "/scripts" }, work],
              }),
            ),
            workingDir: work.path,
          },
        ],
        volumes: [
          { name: "scripts", configMap: { name: scripts.name } },
          { name: work.volume.name, emptyDir: {} },
          ...trustVolumes(chart),
        ],
      },
    },
  });
  const cronJob = (cronJobName: string, spec: object) =>
    chart.add({ apiVersion: "batch/v1", kind: "CronJob", metadata: chart.metadata(cronJobName, part), spec });
  cronJob(name, {
    schedule: "17 3 * * *",
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 3600,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: { spec: job("archive.sh", { SETTLE: `${settleHours}h` }) },
  });
  cronJob(`${name}-restore`, {
    schedule: "0 0 1 1 *",
    suspend: true,
    concurrencyPolicy: "Forbid",
    jobTemplate: { spec: job("restore.sh") },
  });
  connectsToObjectStore(chart, chart.pods(part), objectStore);
  chart.footprints.push({
    component: chart.component,
    kind: "CronJob",
    namespace: chart.home,
    name,
    perPod: resources,
    sized: resources,
  });
}
