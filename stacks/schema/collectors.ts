import { z } from "zod";
import { hostPort } from "../../lib/formats/index.ts";
import {
  type CollectorAdditions,
  componentId,
  componentKinds,
  pipelineId,
  variableName,
} from "../../lib/otel/index.ts";
import { withoutUndefined } from "../facts.ts";
import { text, unique } from "../formats.ts";
import { secretKeySchema } from "./secret.ts";

const blocks = (what: string) =>
  z
    .record(text(componentId), z.record(z.string(), z.unknown()).describe("Its settings; {} for its defaults."))
    .optional()
    .describe(`${what} By default none.`);

const names = (what: string) =>
  z.array(text(componentId).describe("ID of a component.")).optional().describe(`${what} By default none.`);

const collector = z
  .strictObject({
    receivers: blocks(
      "Receivers, in the collector's own format: {zipkin: {endpoint: 0.0.0.0:9411}}. Ports of their addresses are added to the Service, and any pod may connect to them.",
    ),
    processors: blocks("Processors, in the collector's own format."),
    exporters: blocks("Exporters, in the collector's own format. Network policies admit the ports of their addresses."),
    connectors: blocks("Connectors, in the collector's own format."),
    extensions: blocks("Extensions, such as those that authenticate exporters, in the collector's own format."),
    pipelines: z
      .record(
        text(pipelineId),
        z
          .strictObject({
            receivers: names("Receivers."),
            processors: names("Processors, after memory_limiter and those of the collector, and before batch."),
            exporters: names("Exporters."),
          })
          .describe("What is added to the pipeline."),
      )
      .optional()
      .describe("Pipelines by name: those of the collector are extended, and others are added. By default none."),
    destinations: unique(text(hostPort).describe("An address."))
      .optional()
      .describe("Addresses that network policies admit beside those in the exporters' settings. By default none."),
    secrets: z
      .record(text(variableName), secretKeySchema.describe("Secret key with the value."))
      .optional()
      .describe(
        "Variables of the collector's container, to which settings refer as ${env:NAME}: {VENDOR_KEY: {secret: vendor, key: api-key}}. By default none.",
      ),
  })
  .optional();

/** Additions to the collectors of the stack. */
export const collectorsSchema = z
  .strictObject({
    otelAgent: collector.describe("Additions to the agents. By default none."),
    otelGateway: collector.describe("Additions to the gateways. By default none."),
  })
  .prefault({})
  .describe("Receivers, processors, exporters and pipelines of the OpenTelemetry Collectors.");

/** The additions to a collector, as its chart takes them. */
export function collectorAdditionsOf(given: z.output<typeof collector>): { readonly additions?: CollectorAdditions } {
  if (!given) return {};
  const pipelines = Object.entries(given.pipelines ?? {}).map(([name, each]) => [name, withoutUndefined(each)]);
  return {
    additions: withoutUndefined({
      ...given,
      ...(pipelines.length > 0 && { pipelines: Object.fromEntries(pipelines) }),
    }) as CollectorAdditions,
  };
}

/** Settings of components, by place. */
export function collectorSettings(given: z.output<typeof collectorsSchema>): readonly (readonly [string[], unknown])[] {
  return (["otelAgent", "otelGateway"] as const).flatMap((name) =>
    componentKinds.map(
      (kind) =>
        [["extra", "collectors", name, kind], given[name]?.[kind]] as const satisfies readonly [string[], unknown],
    ),
  );
}
