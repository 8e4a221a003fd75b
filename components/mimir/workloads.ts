import { type MimirSetup, statefulPart, zonedPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** A write-ahead log of a million series is read again in minutes; half an hour is a disk that is too slow. */
const startupSeconds = 1800;
/** The last samples go into a block before the pod ends: as long as Mimir's own manifests allow. */
const graceSeconds = 1200;

/** Holds the last hours of every series in memory and on disk, and ships blocks to the bucket. */
export function ingesters(setup: MimirSetup, { ingester, zoneAware }: MicroservicesSizing): void {
  const props = { part: "ingester", sized: ingester, startupSeconds, graceSeconds };
  if (zoneAware) zonedPart(setup, props, "-ingester.ring.instance-availability-zone");
  else statefulPart(setup, props);
}
