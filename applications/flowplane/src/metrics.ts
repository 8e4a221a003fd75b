import type { InstrumentsOf, Registry } from "@skopos/metrics";
import { flowplaneMetrics } from "./catalogue.ts";
import { resourceTypes } from "./resources.ts";
import type { Store } from "./store.ts";

/** The recorders of the control plane's metrics. */
export type Metrics = InstrumentsOf<ReturnType<typeof flowplaneMetrics>>;

/** Registers the metrics, and keeps the number of each team's resources in step with the store. */
export function recordMetrics(registry: Registry, store: Store, hashTeams: boolean): Metrics {
  const metrics = registry.register(flowplaneMetrics(hashTeams));
  const count = (team: string) => {
    const exists = store.hasTeam(team);
    for (const type of resourceTypes) {
      const labels = { resource_type: type, team };
      if (exists) metrics.teamResources.set(labels, store.list(team, type).length);
      else metrics.teamResources.remove(labels);
    }
  };
  store.teams().forEach(count);
  store.onChange(count);
  return metrics;
}
