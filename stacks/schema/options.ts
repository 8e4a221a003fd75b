import { z } from "zod";
import {
  dnsSubdomain,
  environmentVariable,
  imageDigest,
  imageRepository,
  imageTag,
  labelKey,
  labelValue,
  registry,
} from "../../lib/formats/index.ts";
import type { ComponentOptions, PodOptions, WorkloadOptions } from "../../lib/kubernetes/index.ts";
import { parseCores, parseSize } from "../../lib/kubernetes/index.ts";
import { withoutUndefined } from "../facts.ts";
import { mapping, text } from "../formats.ts";
import { affinitySchema, tolerationSchema } from "./affinity.ts";
import { secretKeySchema } from "./secret.ts";

/** An amount as Kubernetes writes it. Charts read it, so that programs and stack files use the same. */
function amount(parse: (value: string | number) => number | undefined, what: string, examples: readonly string[]) {
  return z
    .union([z.string(), z.number()])
    .meta({ examples: [...examples] })
    .superRefine((value, context) => {
      const isAmount = (each: string | number): boolean => (parse(each) ?? 0) > 0;
      if (isAmount(value)) return;
      const nearest = (each: string) => (isAmount(each) ? each : undefined);
      context.addIssue({ code: "custom", params: { quantity: what, examples, nearest }, input: value });
    });
}

const memory = amount(parseSize, "an amount of memory", ["512Mi", "2Gi"]);

const amounts = z.strictObject({
  cpu: amount(parseCores, "an amount of CPU", ["500m", "2"]).optional().describe("CPU. By default computed; no limit."),
  memory: memory.optional().describe("Memory. By default computed."),
});

/** What can be set for the pods of every workload. */
export const podOptions = {
  nodeSelector: mapping(labelKey, labelValue)
    .optional()
    .describe("Labels that a node must have: {node.example.com/pool: observability}. By default any Linux node."),
  tolerations: z
    .array(tolerationSchema)
    .optional()
    .describe("Taints to tolerate: [{key: dedicated, operator: Exists}]. By default none."),
  affinity: affinitySchema
    .optional()
    .describe("Affinity as in a pod, in addition to the workload's own. By default none."),
  priorityClassName: text(dnsSubdomain).optional().describe("PriorityClass; it must already exist. By default none."),
  podLabels: mapping(labelKey, labelValue)
    .optional()
    .describe("Labels of the pods: {team: platform}. By default none beyond those of the stack."),
  podAnnotations: z
    .record(text(labelKey), z.string())
    .optional()
    .describe('Annotations of the pods: {sidecar.istio.io/inject: "false"}. By default none.'),
  extraEnv: z
    .record(
      text(environmentVariable),
      z.union([z.string(), secretKeySchema, z.strictObject({ field: z.string().describe("Field of the pod.") })]),
    )
    .optional()
    .describe("Environment of the main container: {HTTPS_PROXY: http://proxy.example.com:3128}. By default none."),
  serviceAccount: z
    .strictObject({
      annotations: z
        .record(text(labelKey), z.string())
        .optional()
        .describe("Annotations: {eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/name}. By default none."),
    })
    .optional()
    .describe("The ServiceAccount of the pods."),
};

/** What can be set for one workload that runs on every node. */
export const agentOptions = {
  ...podOptions,
  resources: z
    .strictObject({
      requests: amounts.optional().describe("Requests."),
      limits: amounts.optional().describe("Limits."),
    })
    .optional()
    .describe("Requests and limits of the main container: {requests: {memory: 2Gi}}. By default computed."),
  image: z
    .strictObject({
      registry: text(registry)
        .optional()
        .describe("Registry, used as it is. By default the publisher's or its mirror."),
      repository: text(imageRepository).optional().describe("Repository without a registry: grafana/mimir."),
      tag: text(imageTag).optional().describe("Tag. By default the tested version."),
      digest: text(imageDigest).optional().describe("Digest: sha256:..."),
    })
    .optional()
    .describe("Parts of the main container's image: {tag: 3.2.1}. By default the tested version."),
  extraArgs: z
    .array(z.string().describe("An argument."))
    .optional()
    .describe("Arguments of the main container, after its own: [--log.level=debug]. By default none."),
};

/** What can be set for one workload whose pods have a number. */
export const statelessOptions = {
  ...agentOptions,
  replicas: z.int().min(1).max(1000).optional().describe("Number of pods. By default computed."),
};

/** What can be set for one workload whose pods may have a volume each. */
export const workloadOptions = {
  ...statelessOptions,
  disk: amount(parseSize, "a size of a volume", ["100Gi"])
    .optional()
    .describe("Size of each pod's volume: 100Gi. By default computed."),
};

/** Options of the workloads of a component that has several. */
export function workloadsSchema(names: readonly [string, ...string[]]) {
  const one = z.strictObject(workloadOptions);
  return z
    .strictObject(Object.fromEntries(names.map((name) => [name, one.optional().describe(`Options of ${name}.`)])))
    .optional()
    .describe(`Options of single workloads: {${names[0]}: {resources: {requests: {memory: 4Gi}}}}. By default none.`);
}

/** The keys that every component shares: documented once. */
export const sharedKeys: ReadonlySet<string> = new Set(Object.keys(workloadOptions));

/** The options among a component's settings, as its chart takes them. */
export function optionsIn(settings: object): ComponentOptions {
  const keys = [...sharedKeys, "workloads"];
  return plain(Object.fromEntries(Object.entries(settings).filter(([key]) => keys.includes(key)))) as ComponentOptions;
}

/** An object as it is written: options that are not set must not override others. */
export function plain<T extends PodOptions | WorkloadOptions>(value: T): T {
  const entries = Object.entries(withoutUndefined(value)).map(([key, item]) => [
    key,
    item !== null && typeof item === "object" && !Array.isArray(item) ? plain(item) : item,
  ]);
  return Object.fromEntries(entries) as T;
}
