import {
  anyText,
  dnsLabel,
  dnsSubdomain,
  environmentVariable,
  imageDigest,
  imageRepository,
  imageTag,
  labelKey,
  labelValue,
  listOf,
  mapOf,
  numeric,
  registry,
  type ShapeOf,
  unchecked,
} from "../../formats/index.ts";
import type { PodOptions, WorkloadOptions } from "./types.ts";

const podShape = {
  nodeSelector: mapOf(labelKey, labelValue),
  // As in a pod: the API server validates them, and the schema of stack files does.
  tolerations: unchecked,
  affinity: unchecked,
  priorityClassName: dnsSubdomain,
  podLabels: mapOf(labelKey, labelValue),
  podAnnotations: mapOf(labelKey, anyText),
  extraEnv: mapOf(environmentVariable, unchecked),
  serviceAccount: { annotations: mapOf(labelKey, anyText) },
} as const satisfies ShapeOf<PodOptions>;

const workloadShape = {
  ...podShape,
  replicas: numeric,
  // Amounts are read by `validateOptions`.
  resources: unchecked,
  disk: unchecked,
  image: { registry, repository: imageRepository, tag: imageTag, digest: imageDigest },
  extraArgs: listOf(anyText),
} as const satisfies ShapeOf<WorkloadOptions>;

/** Shape of the options of a component. */
export const optionsShape = {
  ...workloadShape,
  workloads: mapOf(dnsLabel, workloadShape),
  defaults: podShape,
} as const;
