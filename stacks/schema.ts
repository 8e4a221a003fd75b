import { z } from "zod";
import { platforms } from "../lib/kubernetes/cluster.ts";
import { retentions } from "../lib/sizing/retention.ts";
import { scales } from "../lib/sizing/workload.ts";
import { componentsSchema } from "./components/index.ts";
import { bytes, count, duration } from "./quantities.ts";
import { alertsSchema } from "./schema/alerts.ts";
import { objectStorageSchema } from "./schema/object-storage.ts";

const cidrs = z.array(z.string().regex(/\/\d+$/, "a CIDR ends in /bits")).min(1);

const clusterSchema = z.strictObject({
  name: z.string().min(1).describe("Name of the cluster: the `cluster` label of every series."),
  version: z.coerce.string().describe('Kubernetes minor version, quoted: "1.34".'),
  platform: z.enum(platforms).default("kubernetes").describe("Who runs the control plane."),
  storageClass: z.string().optional().describe("StorageClass of every volume; without it the cluster's default class."),
  zones: z.array(z.string()).optional().describe("Availability zones: values of topology.kubernetes.io/zone."),
  nodeCidrs: cidrs
    .optional()
    .describe("CIDRs of the nodes, for the network policies of the kubelet and of host agents."),
  apiServerCidrs: cidrs.optional().describe("CIDRs of the API server, for the network policies."),
  dnsDomain: z.string().default("cluster.local").describe("DNS domain of Services."),
  networkPolicies: z.boolean().default(true).describe("Deny all traffic but the declared connections."),
  context: z
    .string()
    .optional()
    .describe("Context in the kubeconfig that `pulumi up` uses. Required outside dev, or kubeconfig."),
  kubeconfig: z.string().optional().describe("Path or contents of a kubeconfig; set it with --secret."),
});

const workloadSchema = z
  .strictObject({
    nodes: count.describe("Cluster nodes."),
    pods: count.describe("Running pods."),
    activeSeries: count.describe("Active time series, before replication."),
    scrapeInterval: duration.describe("Time between two scrapes."),
    logsPerDay: bytes.describe("Log bytes a day, uncompressed."),
    spansPerSecond: count.describe("Spans a second, before sampling."),
    spansPerTrace: count.describe("Spans in a typical trace."),
    flowsPerSecondPerNode: count.describe("New network flows a second on the busiest node."),
    queriesPerSecond: count.describe("PromQL queries a second from people, dashboards and rules."),
  })
  .partial();

const retentionProfile = z.enum(retentions);

/** A profile's name, or a profile with overrides. */
const retentionSchema = z
  .union([
    retentionProfile,
    z.strictObject({
      profile: retentionProfile.describe("Profile that provides every retention not set here."),
      prometheus: duration.optional().describe("Prometheus' local blocks."),
      mimir: duration.optional().describe("All series, in Mimir."),
      aggregates: duration.optional().describe("Recorded aggregates, in a tenant of their own; 0s for none."),
      loki: duration.optional().describe("Logs; at least 24h."),
      traces: duration.optional().describe("Sampled traces."),
      archive: duration.optional().describe("Cold storage; 0s for none."),
    }),
  ])
  .transform((value) => (typeof value === "string" ? { profile: value } : value));

/**
 * A stack's configuration: what stands under `config:` in stacks/Pulumi.<stack>.yaml, without the `skopos:` in front
 * of each key. The types, stacks/schema.json, the docs table and the error messages all come from here.
 */
export const stackSchema = z.strictObject({
  cluster: clusterSchema.describe("Facts about the cluster."),
  retention: retentionSchema.describe("How long data is kept: a profile, or a profile with overrides."),
  scale: z.enum(scales).describe("How much there is to observe."),
  workload: workloadSchema.default({}).describe("Numbers of the scale profile that are known better."),
  availability: z
    .enum(["redundant", "single"])
    .default("redundant")
    .describe("`single` runs one replica of everything, for development."),
  collectors: z
    .enum(["native", "operator"])
    .default("native")
    .describe("Who runs the OpenTelemetry collectors: Skopos itself, or the OpenTelemetry operator."),
  namespaces: z
    .strictObject({
      stack: z.string().default("observability").describe("Pod Security level restricted."),
      agents: z.string().default("observability-agents").describe("Pod Security level privileged: host-level agents."),
      create: z.boolean().default(true).describe("Whether the stack makes them."),
    })
    .prefault({})
    .describe("Where everything goes."),
  images: z
    .strictObject({
      registries: z.record(z.string(), z.string()).default({}).describe("Mirror by source registry."),
      pullSecrets: z.array(z.string()).default([]).describe("Names of pull secrets."),
    })
    .prefault({})
    .describe("Where images come from."),
  components: componentsSchema.prefault({}).describe("What is on, off, or somebody else's."),
  objectStorage: objectStorageSchema
    .default({ kind: "filesystem" })
    .describe("Where Mimir, Loki and Tempo keep their data."),
  alerts: alertsSchema.prefault({}).describe("Where alerts go."),
  runbooks: z.string().default("docs/runbooks").describe("Start of every alert's runbook_url."),
  priorityClassName: z.string().optional().describe("PriorityClass of all pods; it must exist."),
  grafanaAdminPassword: z
    .string()
    .optional()
    .describe("Set it with --secret; the dev stack needs it, others name a Secret."),
  prices: z
    .strictObject({
      currency: z.string().default("EUR"),
      cpuCoreMonth: z.number().nonnegative(),
      memoryGiBMonth: z.number().nonnegative(),
      diskGiBMonth: z.number().nonnegative(),
      objectGiBMonth: z.number().nonnegative(),
    })
    .optional()
    .describe("Prices for `skopos plan`; none are built in."),
});

/** A configuration as written. */
export type StackConfigInput = z.input<typeof stackSchema>;

/** A configuration as read: defaults filled in, quantities as numbers. */
export type StackConfig = z.output<typeof stackSchema>;
