import { z } from "zod";

/** How bad a finding is: `error` and `warning` fail the run, `info` does not. */
export const severities = ["error", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, "a date is written 2027-06-30")
  .refine((day) => !Number.isNaN(Date.parse(day)), "no such day");

/** An accepted finding: whose, why, and until when. It is matched exactly and nothing else is waived. */
export const waiverSchema = z
  .strictObject({
    rule: z.string().min(1).describe("Id of the rule: pods/host-path."),
    object: z
      .string()
      .regex(
        /^[^/]+\/[^/]*\/[^/]+$/,
        "an object is written Kind/namespace/name, with an empty namespace if it has none",
      )
      .describe("The object: DaemonSet/observability-agents/alloy."),
    container: z.string().optional().describe("The container, where the finding is about one."),
    capabilities: z
      .array(z.string().describe("Linux capability: NET_ADMIN."))
      .optional()
      .describe("Every capability that the finding names, and no other."),
    hostPaths: z
      .array(z.string().describe("Path on the node: /var/log."))
      .optional()
      .describe("Every host path that the finding names, and no other."),
    owner: z.string().min(1).describe("Who answers for it."),
    reason: z.string().min(10).describe("Why it is accepted, in a sentence."),
    expires: date.describe("Day from which it no longer holds: 2027-06-30."),
  })
  .describe("A finding that is accepted until a date.");
export type Waiver = z.output<typeof waiverSchema>;

/** What a rule is told: off, another severity, or values for its parameters. */
const ruleSetting = z.union([
  z.literal("off"),
  z
    .looseObject({ severity: z.enum(severities).optional().describe("Severity of its findings.") })
    .describe("Another severity, and the rule's parameters."),
]);
export type RuleSetting = z.output<typeof ruleSetting>;

/** Settings by rule id. */
export const rulesSchema = z.record(z.string(), ruleSetting);

const positive = z.number().positive();

/** What the objects are for. Rules that need a fact which is not given are not evaluated, and the report says so. */
export const factsSchema = z
  .strictObject({
    availability: z.enum(["redundant", "single"]).describe("Whether the loss of one replica must go unnoticed."),
    activeSeries: positive.describe("Active series, before replication."),
    scrapeIntervalSeconds: positive,
    spansPerSecond: positive.describe("Spans a second, before sampling."),
    spansPerTrace: positive,
    logBytesPerDay: positive,
    externalSecrets: z.array(z.string()).describe("Secrets that exist already: namespace/name."),
    rulers: z.array(z.string()).describe("Labels (key=value) of PrometheusRules that another evaluator reads."),
  })
  .partial();
export type Facts = z.output<typeof factsSchema>;

/** A file for `skopos check --config`. */
export const policyFileSchema = z.strictObject({
  rules: rulesSchema.default({}).describe("Settings by rule id."),
  waivers: z.array(waiverSchema).default([]).describe("Accepted findings."),
  facts: factsSchema.default({}).describe("What the objects are for."),
});
export type PolicySettings = z.output<typeof policyFileSchema>;
