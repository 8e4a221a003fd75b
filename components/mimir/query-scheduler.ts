import { type MimirSetup, statelessPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/**
 * The queue between query-frontends and queriers. Mimir 3 has no other: the queue inside the query-frontend is gone.
 * Headless, because every frontend and every querier must know every scheduler.
 */
export function querySchedulers(setup: MimirSetup, { queryScheduler }: MicroservicesSizing): void {
  statelessPart(setup, { part: "query-scheduler", sized: queryScheduler, headless: true, graceSeconds: 180 });
}
