import { z } from "zod";
import {
  cidr,
  clusterName,
  directTarget,
  dnsLabel,
  dnsSubdomain,
  httpUrl,
  kubernetesVersion,
  labelKey,
  labelValue,
  line,
  location,
  registry,
} from "../lib/formats/index.ts";
import { ipFamilies, networkEngines, platforms } from "../lib/kubernetes/cluster.ts";
import { sourceRegistries } from "../lib/kubernetes/images.ts";
import { retentions } from "../lib/sizing/retention.ts";
import { scales } from "../lib/sizing/workload.ts";
import { rulesSchema, waiverSchema } from "../policies/engine/settings.ts";
import { componentsSchema } from "./components/index.ts";
import { mapping, port, text, unique } from "./formats.ts";
import { bytes, count, duration } from "./quantities.ts";
import { alertsSchema } from "./schema/alerts.ts";
import { extraSchema } from "./schema/extra.ts";
import { objectStorageSchema } from "./schema/object-storage.ts";
import { podOptions } from "./schema/options.ts";
import { patchesSchema } from "./schema/patches.ts";
import { tenantsSchema } from "./schema/tenants.ts";

const cidrs = unique(text(cidr).describe("Address range.")).min(1);

const clusterSchema = z.strictObject({
  name: text(clusterName).describe("Name of the cluster, used as the `cluster` label of every series."),
  version: z.coerce
    .string()
    .pipe(text(kubernetesVersion))
    .meta({ examples: ["1.36"] })
    .describe('Kubernetes minor version, quoted: "1.34".'),
  platform: z.enum(platforms).default("kubernetes").describe("Kubernetes distribution or managed service."),
  storageClass: text(dnsSubdomain)
    .optional()
    .describe("StorageClass of every volume. By default the cluster's default class."),
  zones: unique(text(labelValue).describe("Name of a zone."))
    .min(1)
    .optional()
    .describe("Availability zones: values of the node label topology.kubernetes.io/zone."),
  nodeCidrs: cidrs.optional().describe("CIDRs of the nodes, for network policies towards the kubelet and host agents."),
  apiServerCidrs: cidrs.optional().describe("CIDRs of the API server, for network policies."),
  dnsDomain: text(dnsSubdomain).default("cluster.local").describe("DNS domain of the cluster's Services."),
  dns: z
    .strictObject({
      pods: z
        .strictObject({
          namespace: text(dnsLabel).describe("Namespace of the pods."),
          labels: z
            .array(mapping(labelKey, labelValue).describe("Labels of some of the pods."))
            .min(1)
            .describe("Label sets, any of which selects pods."),
        })
        .optional()
        .describe("Pods of DNS servers. By default none."),
      cidrs: cidrs.optional().describe("Addresses of DNS servers that are not pods. By default none."),
      ports: z.array(port.describe("A port.")).min(1).optional().describe("Ports at the servers. By default 53."),
    })
    .optional()
    .describe("Where pods send DNS queries, for network policies. By default those of the platform."),
  networkEngine: z
    .enum(networkEngines)
    .optional()
    .describe(
      "What enforces network policies: `kubernetes` for any engine that matches nodes by address, `cilium` for CiliumNetworkPolicies, `calico`, or `none`, for which no policies are rendered. By default `cilium` on AKS, elsewhere `kubernetes`.",
    ),
  tunnelCidrs: cidrs
    .optional()
    .describe(
      "CIDRs of the nodes' tunnel interfaces, where the network sends packets of nodes to pods through VXLAN or IPIP: with Calico its IP pools, with flannel the pods' CIDR. By default none.",
    ),
  loadBalancerCidrs: cidrs
    .optional()
    .describe(
      "CIDRs of load balancers that connect to pods themselves, as an ALB in IP mode. By default Google's front ends on GKE, elsewhere nodeCidrs.",
    ),
  proxy: z
    .strictObject({
      url: text(httpUrl).describe("URL of the proxy: http://proxy.example.com:3128."),
      clusterCidrs: cidrs.describe(
        "CIDRs of pods and Services, and of the nodes unless nodeCidrs states them: none is reached through the proxy.",
      ),
      noProxy: unique(text(directTarget).describe("A host, a domain or a CIDR."))
        .optional()
        .describe(
          "Hosts, domains with their subdomains, and CIDRs outside the cluster that are reached directly. By default none; the cluster's own are known.",
        ),
    })
    .optional()
    .describe("HTTP proxy through which pods reach what is outside the cluster. By default they connect themselves."),
  ingressControllers: z
    .array(
      z
        .strictObject({
          namespace: text(dnsLabel).describe("Namespace of the pods: ingress-nginx."),
          labels: mapping(labelKey, labelValue).optional().describe("Labels of the pods. By default all pods."),
        })
        .describe("Pods that route requests."),
    )
    .min(1)
    .optional()
    .describe(
      "Pods of Ingress controllers and Gateways, which alone may connect to what is routed. By default any pod of the cluster may.",
    ),
  ipFamilies: z
    .array(z.enum(ipFamilies).describe("An IP family."))
    .min(1)
    .max(2)
    .optional()
    .describe(
      "IP families of pods and Services, the primary one first, which must be IPv4: [IPv4, IPv6] in a dual-stack cluster. By default [IPv4].",
    ),
  networkPolicies: z.boolean().default(true).describe("Whether to deny all traffic except the declared connections."),
  context: text(line)
    .optional()
    .describe("Kubeconfig context for `pulumi up`. Every stack but dev needs this or kubeconfig."),
  kubeconfig: z
    .string()
    .optional()
    .describe("Contents of a kubeconfig, or its path. Set it with `pulumi config set --secret`."),
});

const workloadSchema = z
  .strictObject({
    nodes: count("1", "20k").describe("Number of nodes in the cluster."),
    pods: count("1", "2M").describe("Number of running pods. By default in proportion to the nodes."),
    activeSeries: count("1", "10G").describe("Number of active time series, before replication."),
    scrapeInterval: duration("1s", "2m").describe(
      "Scrape interval; rules need two scrapes within their windows of 5m.",
    ),
    logsPerDay: bytes("0B", "1024TiB").describe("Log volume per day, uncompressed."),
    spansPerSecond: count("0", "100M").describe("Spans per second, before sampling."),
    spansPerTrace: count("1", "1M").describe("Number of spans in a typical trace."),
    flowsPerSecondPerNode: count("0", "100k").describe(
      "Network connections and exchanges that begin on a node per second, for the flow agent.",
    ),
    queriesPerSecond: count("0", "1M").describe("PromQL queries per second from users, dashboards and rules."),
  })
  .partial();

const retentionProfile = z.enum(retentions);

/** A profile's name, or a profile with overrides. */
const retentionSchema = z
  .union([
    retentionProfile,
    z.strictObject({
      profile: retentionProfile.describe("Profile that provides every retention not set here."),
      prometheus: duration("2h").optional().describe("Prometheus' local blocks."),
      mimir: duration("13h").optional().describe("All series, in Mimir."),
      aggregates: duration("0s").optional().describe("Recorded aggregates, in a tenant of their own; 0s for none."),
      loki: duration("24h").optional().describe("Logs; at least 24h."),
      traces: duration("1h").optional().describe("Sampled traces."),
      archive: duration("0s", "100y").optional().describe("Cold storage; 0s for none."),
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
  scale: z.enum(scales).describe("Size of the workload; each number can be overridden in workload."),
  workload: workloadSchema.default({}).describe("Overrides of the scale profile's workload."),
  availability: z
    .enum(["redundant", "single"])
    .default("redundant")
    .describe("`redundant` tolerates the loss of a pod, a node or a zone; `single` runs one replica of everything."),
  collectors: z
    .enum(["native", "operator"])
    .default("native")
    .describe(
      "Whether Skopos manages the OpenTelemetry Collectors itself, or leaves them to the OpenTelemetry operator.",
    ),
  namespaces: z
    .strictObject({
      stack: text(dnsLabel)
        // Objects carry the label value `skopos-` and its name, and label values have 63 characters.
        .max(56)
        .default("observability")
        .describe("Namespace of everything but host-level agents; Pod Security level restricted."),
      agents: text(dnsLabel)
        .default("observability-agents")
        .describe("Namespace of host-level agents; Pod Security level privileged."),
      create: z.boolean().default(true).describe("Whether to create the namespaces."),
    })
    .prefault({})
    .describe("Namespaces of the stack."),
  images: z
    .strictObject({
      registries: z
        .partialRecord(z.enum(sourceRegistries), text(registry))
        .default({})
        .describe("Mirror for each source registry: {docker.io: mirror.example.com/docker}."),
      pullSecrets: unique(text(dnsSubdomain).describe("Name of a Secret."))
        .default([])
        .describe("Names of image pull Secrets."),
    })
    .prefault({})
    .describe("Registry mirrors and pull secrets."),
  components: componentsSchema.prefault({}).describe("Which components are on, off or externally managed."),
  objectStorage: objectStorageSchema
    .default({ kind: "filesystem" })
    .describe("Storage backend of Mimir, Loki and Tempo."),
  alerts: alertsSchema.prefault({}).describe("Where alerts are sent, and changes of single alerts."),
  tenants: tenantsSchema
    .default({})
    .describe(
      "Tenants of teams in Mimir and Loki: what their namespaces write is stored apart, with limits of its own.",
    ),
  runbooks: text(location)
    .default("docs/runbooks")
    .describe("Base URL or path of runbooks, for the runbook_url of every alert."),
  policies: rulesSchema
    .default({})
    .describe("Settings of policies by rule ID: `off`, or another severity and parameters."),
  waivers: z.array(waiverSchema).default([]).describe("Accepted policy findings, each with an expiry date."),
  defaults: z
    .strictObject(podOptions)
    .prefault({})
    .describe(
      "Options of every component's pods, unless the component sets others. Where pods are scheduled does not apply to agents that run on every node.",
    ),
  grafanaAdminPassword: z
    .string()
    .optional()
    .describe(
      "Password of the Grafana administrator. Set it with `pulumi config set --secret`; without it, the Secret in components.grafana.adminSecret must exist.",
    ),
  patches: patchesSchema,
  extra: extraSchema.prefault({}).describe("Manifests, rules and dashboards of your own."),
  prices: z
    .strictObject({
      currency: text(line).default("EUR").describe("Currency of the prices."),
      cpuCoreMonth: z.number().min(0).max(1e6).describe("One CPU core for a month."),
      memoryGiBMonth: z.number().min(0).max(1e6).describe("One GiB of memory for a month."),
      diskGiBMonth: z.number().min(0).max(1e6).describe("One GiB of volumes for a month."),
      objectGiBMonth: z.number().min(0).max(1e6).describe("One GiB of object storage for a month."),
    })
    .optional()
    .describe("Prices with which `skopos plan` estimates the cost. By default no cost is shown."),
});

/** A configuration as written. */
export type StackConfigInput = z.input<typeof stackSchema>;

/** A configuration as read: defaults filled in, quantities as numbers. */
export type StackConfig = z.output<typeof stackSchema>;
