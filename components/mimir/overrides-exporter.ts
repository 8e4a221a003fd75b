import { type MimirSetup, statelessPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** Publishes every tenant's limits as metrics, for the alerts that compare use with limit. */
export function overridesExporter(setup: MimirSetup, { overridesExporter: sized }: MicroservicesSizing): void {
  statelessPart(setup, { part: "overrides-exporter", sized });
}
