import type { Waiver } from "./engine/settings.ts";

/** Waivers that come with the components: what their work needs and every cluster that runs them accepts. */
export function shippedWaivers(): readonly Waiver[] {
  return [];
}
