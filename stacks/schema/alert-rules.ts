import { z } from "zod";
import { alertLabel, line } from "../../lib/formats/index.ts";
import type { AlertOverrides } from "../../lib/monitoring/alert-overrides.ts";
import { alertTemplateLine } from "../../lib/monitoring/template.ts";
import { formatDuration } from "../../lib/sizing/index.ts";
import { withoutUndefined } from "../facts.ts";
import { mapping, text } from "../formats.ts";
import { duration } from "../quantities.ts";

/** Changes of the stack's own alerts. */
export const alertRulesSchema = z.record(
  text(line),
  z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether the alert exists."),
      threshold: z
        .number()
        .optional()
        .describe("Number that the expression is compared with, in its unit. By default the alert's own."),
      for: duration("0s", "30d")
        .optional()
        .describe("How long the condition must hold before the alert fires. By default the alert's own."),
      severity: z.enum(["critical", "warning", "info"]).optional().describe("Severity. By default the alert's own."),
      labels: mapping(alertLabel, alertTemplateLine)
        .optional()
        .describe("Additional labels, by which receivers select alerts: {team: storage}. By default none."),
      summary: text(alertTemplateLine)
        .optional()
        .describe("One line that says what is wrong. By default the alert's own."),
    })
    .describe("Changes of one alert."),
);

/** The changes of alerts, as charts take them. */
export function alertOverridesOf(rules: z.output<typeof alertRulesSchema>): AlertOverrides {
  return Object.fromEntries(
    Object.entries(rules).map(([name, { for: held, ...changes }]) => [
      name,
      withoutUndefined({ ...changes, for: held === undefined ? undefined : held === 0 ? "0s" : formatDuration(held) }),
    ]),
  ) as AlertOverrides;
}
