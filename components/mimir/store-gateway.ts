import { type MimirSetup, statefulPart, zonedPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** Answers queries from the blocks in the bucket; its disk holds their index headers. */
export function storeGateways(setup: MimirSetup, { storeGateway, zoneAware }: MicroservicesSizing): void {
  const props = { part: "store-gateway", sized: storeGateway, startupSeconds: 1800, graceSeconds: 120 };
  if (zoneAware) zonedPart(setup, props, "-store-gateway.sharding-ring.instance-availability-zone");
  else statefulPart(setup, props);
}
