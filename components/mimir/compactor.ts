import { type MimirSetup, statefulPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** Merges blocks and removes the copies and what is too old. One may be away for hours: blocks just wait. */
export function compactors(setup: MimirSetup, { compactor }: MicroservicesSizing): void {
  statefulPart(setup, { part: "compactor", sized: compactor, graceSeconds: 900 });
}
