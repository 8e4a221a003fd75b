import { type MimirSetup, statelessPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/**
 * Evaluates rules against ingesters and store-gateways by itself: alerts do not depend on the way of people's queries.
 * Rules are files of ConfigMaps; every ruler has all of them and evaluates its share of the groups.
 */
export function rulers(setup: MimirSetup, { ruler }: MicroservicesSizing): void {
  if (ruler) statelessPart(setup, { part: "ruler", sized: ruler, rules: true, graceSeconds: 180 });
}
