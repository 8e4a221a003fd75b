import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { panelsOf } from "../../lib/monitoring/dashboard.ts";
import { requireProgram } from "../data-plane/process.ts";
import { environments } from "./variants.ts";

/** What Prometheus' own parser says about queries, types included: the grammar alone would let `rate(x)` pass. */
function promtoolComplaints(queries: readonly string[]): string {
  // `record` and `expr` stand on lines of their own, so that a complaint names the query.
  const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
  const { status, stdout, stderr } = spawnSync(requireProgram("promtool"), ["check", "rules", "--lint=none"], {
    input: JSON.stringify({ groups: [{ name: "dashboards", rules }] }, undefined, 1),
    encoding: "utf8",
  });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

/** A query as Grafana sends it, its intervals filled in. */
const sent = (promql: string) => promql.replaceAll(/\$__(?:rate_interval|interval|range)\b/g, "5m");

const queries = new Set(
  environments.flatMap(({ render }) =>
    render().charts.flatMap(({ dashboards }) =>
      dashboards.flatMap((dashboard) => [
        ...(dashboard.variables ?? []).map(({ of }) => of),
        ...panelsOf(dashboard).flatMap((panel) =>
          panel.queries.flatMap((query) => ("promql" in query ? [sent(query.promql)] : [])),
        ),
      ]),
    ),
  ),
);

test("Prometheus' own parser accepts every query of every dashboard", () => {
  expect(queries.size).toBeGreaterThan(100);
  expect(promtoolComplaints([...queries])).toBe("");
});

test("and rejects a query with a type error", () => {
  expect(promtoolComplaints(["rate(up)"])).toContain("expected type range vector");
});
