import { gossipService, type MimirSetup, statefulPart } from "./pod.ts";
import type { MonolithicSizing } from "./sizing.ts";

/** Every part in one process, and the exporter of limits, which `all` leaves out. Alertmanager is not among them. */
export function monolithic(setup: MimirSetup, { mimir }: MonolithicSizing): void {
  statefulPart(setup, {
    part: setup.chart.component,
    target: "all,overrides-exporter",
    sized: mimir,
    rules: true,
    governing: gossipService(setup.chart),
    startupSeconds: 1800,
    graceSeconds: 300,
  });
}
