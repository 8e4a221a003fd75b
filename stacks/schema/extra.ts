import { z } from "zod";
import type { Additions } from "../../components/extra/index.ts";
import { logStages } from "../../lib/alloy/index.ts";
import {
  anyText,
  dnsLabel,
  dnsSubdomain,
  headerName,
  httpUrl,
  labelKey,
  labelValue,
  line,
  prometheusDuration,
  prometheusLabel,
  re2,
  region,
  ruleLabel,
  secretKeyName,
} from "../../lib/formats/index.ts";
import { apiVersion, kindName } from "../../lib/kubernetes/manifest.ts";
import { dashboardUid, logqlExpression, metricName, promqlExpression } from "../../lib/monitoring/formats.ts";
import { alertTemplate } from "../../lib/monitoring/template.ts";
import { mapping, port, text } from "../formats.ts";
import { collectorsSchema } from "./collectors.ts";
import { secretKeySchema } from "./secret.ts";

const manifest = z
  .looseObject({
    apiVersion: text(apiVersion).describe("API version: v1, or apps/v1."),
    kind: text(kindName).describe("Kind."),
    metadata: z
      .looseObject({
        name: text(line).describe("Name."),
        namespace: text(dnsLabel)
          .optional()
          .describe("Namespace. By default the stack's, unless objects of the kind have none."),
        labels: mapping(labelKey, labelValue).optional().describe("Labels. By default none."),
        annotations: mapping(labelKey, anyText).optional().describe("Annotations. By default none."),
      })
      .describe("Metadata."),
  })
  .describe("An object of Kubernetes.");

const labels = mapping(ruleLabel, alertTemplate);
const annotations = mapping(prometheusLabel, alertTemplate);

const rule = z
  .strictObject({
    alert: text(line).optional().describe("Name of an alert; or record."),
    record: text(metricName).optional().describe("Name of a recorded series; or alert."),
    expr: text(promqlExpression).describe("Condition or value, in PromQL."),
    for: text(prometheusDuration)
      .optional()
      .describe("How long the condition must hold before the alert fires. By default it fires at once."),
    keep_firing_for: text(prometheusDuration)
      .optional()
      .describe("How long the alert keeps firing after the condition has ended. By default not at all."),
    labels: labels.optional().describe("Labels, such as severity, by which receivers select alerts. By default none."),
    annotations: annotations.optional().describe("Annotations: summary, description, runbook_url. By default none."),
  })
  .superRefine((each, context) => {
    if (each.alert === undefined && each.record === undefined)
      context.addIssue({ code: "custom", params: { oneOf: ["alert", "record"] }, input: each });
    if (each.record === undefined) return;
    const useless =
      each.alert === undefined
        ? (["for", "keep_firing_for", "annotations"] as const).map(
            (key) => [key, "a recorded series has none"] as const,
          )
        : [["record", "the rule is an alert"] as const];
    for (const [key, why] of useless.filter(([key]) => each[key] !== undefined))
      context.addIssue({ code: "custom", path: [key], params: { useless: why }, input: each[key] });
  })
  .describe("An alert or a recording rule, in Prometheus' own format.");

const remoteWrite = z
  .strictObject({
    name: text(line).describe("Name, unique in the list."),
    url: text(httpUrl).describe("URL of the remote-write API: https://prometheus.example.com/api/v1/write."),
    headers: mapping(headerName, line)
      .optional()
      .describe("Headers without secrets: X-Scope-OrgID, User-Agent, Content-Type. By default none."),
    basicAuth: z
      .strictObject({
        username: secretKeySchema.describe("Secret key with the user name."),
        password: secretKeySchema.describe("Secret key with the password."),
      })
      .optional()
      .describe("User name and password. By default none."),
    bearerToken: secretKeySchema.optional().describe("Secret key with a bearer token. By default none."),
    sigv4: z
      .strictObject({
        region: text(region).describe("AWS region."),
        roleArn: text(line).optional().describe("Role to assume. By default that of Prometheus' pods."),
      })
      .optional()
      .describe("Signs requests for Amazon Managed Prometheus. By default requests are not signed."),
    metrics: text(re2).optional().describe("Regular expression of the names of metrics that are sent. By default all."),
    replicaLabel: text(prometheusLabel)
      .optional()
      .describe(
        "Label with the name of the replica of Prometheus. By default prometheus_replica if there are several, otherwise none.",
      ),
  })
  .superRefine((each, context) => {
    const [first, ...others] = (["basicAuth", "bearerToken", "sigv4"] as const).filter((key) => each[key]);
    for (const key of others)
      context.addIssue({ code: "custom", path: [key], params: { useless: `${first} is set` }, input: each[key] });
  })
  .describe("A store that Prometheus sends series to.");

const dataSource = z
  .strictObject({
    name: text(line).describe("Name, unique in Grafana."),
    uid: text(dashboardUid).describe("UID, which dashboards contain."),
    type: text(line).describe("ID of its plugin: prometheus, loki, elasticsearch."),
    url: text(httpUrl).describe("URL; network policies admit its port."),
    jsonData: z.record(z.string(), z.unknown()).optional().describe("Settings of the plugin. By default none."),
    basicAuthUser: text(line)
      .optional()
      .describe("User name; the password is the secret basicAuthPassword. By default none."),
    secrets: z
      .record(text(secretKeyName), secretKeySchema.describe("Secret key with the value."))
      .optional()
      .describe("Secret settings of the plugin: {basicAuthPassword: {secret: shop, key: password}}. By default none."),
  })
  .describe("A data source of Grafana.");

/** What a user adds to a stack. */
export const extraSchema = z.strictObject({
  collectors: collectorsSchema,
  dataSources: z.array(dataSource).default([]).describe("Data sources of Grafana, beside those of the stack."),
  remoteWrites: z
    .array(remoteWrite)
    .default([])
    .describe("Stores that Prometheus sends series to, beside Mimir. Network policies admit their ports."),
  certificateAuthorities: z
    .array(
      z
        .union([
          z.strictObject({
            configMap: text(dnsSubdomain).describe("Name of a ConfigMap."),
            key: text(secretKeyName).default("ca.crt").describe("Key with the certificates, in PEM."),
          }),
          z.strictObject({
            secret: text(dnsSubdomain).describe("Name of a Secret."),
            key: text(secretKeyName).default("ca.crt").describe("Key with the certificates, in PEM."),
          }),
        ])
        .describe("A bundle of certificates."),
    )
    .default([])
    .describe(
      "Private certificate authorities that all programs of the stack trust when they connect to others: object stores, remote writes, exporters, data sources, OIDC providers, receivers of alerts. The ConfigMaps and Secrets exist in both namespaces of the stack.",
    ),
  scrapes: z
    .array(
      z
        .strictObject({
          name: text(dnsSubdomain).describe("Name, unique in the list."),
          spec: z
            .record(z.string(), z.unknown())
            .describe("Targets and how they are scraped, as the spec of a ScrapeConfig of the Prometheus operator."),
          ports: z
            .array(port.describe("A port."))
            .optional()
            .describe(
              "Ports that network policies admit beside those of static targets and URLs: those of discovered targets. By default none.",
            ),
        })
        .describe("A scrape."),
    )
    .default([])
    .describe("Targets of Prometheus outside of the cluster, or found by a service discovery."),
  manifests: z
    .array(manifest)
    .default([])
    .describe(
      "Objects of Kubernetes. Kinds of Kubernetes and of the Prometheus operator are validated by their schema.",
    ),
  rules: z
    .array(
      z
        .strictObject({
          name: text(line).describe("Name of the group."),
          interval: text(prometheusDuration).optional().describe("Evaluation interval. By default the evaluator's."),
          rules: z.array(rule).min(1).describe("Rules, evaluated in order."),
        })
        .describe("A group of rules."),
    )
    .default([])
    .describe("Alerts and recording rules, evaluated where the stack's are."),
  logAlerts: z
    .array(
      z
        .strictObject({
          name: text(line).describe("Name of the group."),
          interval: text(prometheusDuration).optional().describe("Evaluation interval. By default one minute."),
          rules: z
            .array(
              z
                .strictObject({
                  alert: text(line).describe("Name of the alert."),
                  expr: text(logqlExpression).describe("Condition, in LogQL."),
                  for: text(prometheusDuration)
                    .optional()
                    .describe("How long the condition must hold before the alert fires. By default it fires at once."),
                  labels: labels.optional().describe("Labels, such as severity. By default none."),
                  annotations: annotations.optional().describe("Annotations: summary, description. By default none."),
                })
                .describe("An alert."),
            )
            .min(1)
            .describe("Alerts."),
        })
        .describe("A group of alerts."),
    )
    .default([])
    .describe("Alerts about log lines, evaluated by Loki's ruler."),
  logStages: text(logStages)
    .optional()
    .describe(
      'Stages of the pipeline of pod logs in Alloy, in its syntax, after those of the stack. By default none. Secrets: sys.env("NAME"), with components.alloy.extraEnv.',
    ),
  dashboards: z
    .array(
      z
        .strictObject({
          folder: text(line).optional().describe('Folder in Grafana. By default "Observability".'),
          json: z
            .looseObject({
              uid: text(dashboardUid).describe("UID, which links and bookmarks contain."),
              title: text(line).describe("Title."),
            })
            .describe("The dashboard as Grafana exports it; its queries are parsed."),
        })
        .describe("A dashboard."),
    )
    .default([])
    .describe("Dashboards. Data sources of the stack have the UIDs skopos-metrics, skopos-logs and skopos-traces."),
});

/** The additions of a configuration, as charts take them; undefined if there are none. */
export function additionsOf({
  collectors: _,
  remoteWrites: __,
  scrapes: ____,
  logAlerts: ______,
  logStages: _______,
  certificateAuthorities: _____,
  dataSources: ___,
  ...extra
}: z.output<typeof extraSchema>): Additions | undefined {
  const some = Object.entries(extra).filter(([, items]) => (items as readonly unknown[]).length > 0);
  return some.length > 0 ? (Object.fromEntries(some) as Additions) : undefined;
}
