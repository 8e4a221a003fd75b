import { defineMetrics } from "@skopos/metrics";
import { resourceTypes } from "./resources.ts";

/** Teams that an installation has, at most: source of the expected number of series. */
const TEAMS = 100;

/** A gauge with the suffix of a counter: existing queries rely on its name. */
export const prescribedNames = { xds_team_resources_total: "METRIC_NAME_TOTAL" } as const;

/** Name of the label value for teams that do not exist, so that invented names make no series. */
export const UNKNOWN_TEAM = "unknown";

/**
 * The metrics of the control plane.
 *
 * @param hashTeams export teams as keyed hashes, where their names could identify a person
 */
export function flowplaneMetrics(hashTeams: boolean) {
  const team = hashTeams ? "hashed" : "any";
  return defineMetrics(
    {
      teamResources: {
        name: "xds_team_resources_total",
        type: "gauge",
        help: "Number of resources served per team",
        labels: { resource_type: resourceTypes, team },
        expectedSeries: resourceTypes.length * TEAMS,
        aggregate: "last",
      },
      crossTeam: {
        name: "auth_cross_team_access_attempts_total",
        type: "counter",
        help: "Attempts to read or change resources of another team",
        labels: { from_team: team, to_team: team, resource_type: resourceTypes },
        // Not the worst case of 100 x 99 x 3: the registry's limit holds it.
        expectedSeries: 2_000,
      },
      streams: { name: "xds_streams", type: "gauge", help: "Open discovery streams" },
      responses: {
        name: "xds_responses_total",
        type: "counter",
        help: "Discovery responses by type and by what the client said to them",
        labels: { resource_type: resourceTypes, result: ["sent", "accepted", "rejected"] },
      },
      duration: {
        name: "http_server_request_duration_seconds",
        type: "histogram",
        unit: "seconds",
        help: "Duration of HTTP server requests.",
        labels: { http_request_method: "any", http_route: "any", http_response_status_code: "any" },
        expectedSeries: 40,
        exemplars: true,
      },
    },
    { exceptions: prescribedNames },
  );
}
