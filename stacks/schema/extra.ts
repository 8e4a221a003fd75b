import { z } from "zod";
import type { Additions } from "../../components/extra/index.ts";
import { anyText, dnsLabel, line, prometheusDuration, prometheusLabel } from "../../lib/formats/index.ts";
import { dashboardUid, metricName, promqlExpression } from "../../lib/monitoring/formats.ts";
import { mapping, text } from "../formats.ts";

const manifest = z
  .looseObject({
    apiVersion: text(line).describe("API version: v1, or apps/v1."),
    kind: text(line).describe("Kind."),
    metadata: z
      .looseObject({
        name: text(line).describe("Name."),
        namespace: text(dnsLabel)
          .optional()
          .describe("Namespace. By default the stack's, unless objects of the kind have none."),
      })
      .describe("Metadata."),
  })
  .describe("An object of Kubernetes.");

const labels = mapping(prometheusLabel, anyText);

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
    annotations: labels.optional().describe("Annotations: summary, description, runbook_url. By default none."),
  })
  .refine(({ alert, record }) => (alert === undefined) !== (record === undefined), {
    message: "has neither alert nor record, or both",
  })
  .refine((each) => each.record === undefined || !(each.for ?? each.keep_firing_for ?? each.annotations), {
    message: "a recorded series has no for, keep_firing_for or annotations",
  })
  .describe("An alert or a recording rule, in Prometheus' own format.");

/** What a user adds to a stack. */
export const extraSchema = z.strictObject({
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
export function additionsOf(extra: z.output<typeof extraSchema>): Additions | undefined {
  const some = Object.entries(extra).filter(([, items]) => (items as readonly unknown[]).length > 0);
  return some.length > 0 ? (Object.fromEntries(some) as Additions) : undefined;
}
