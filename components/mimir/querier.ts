import { type MimirSetup, statelessPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** Runs queries against ingesters and store-gateways. The grace is Mimir's longest query. */
export function queriers(setup: MimirSetup, { querier }: MicroservicesSizing): void {
  statelessPart(setup, { part: "querier", sized: querier, graceSeconds: 180 });
}
