import { expect, test } from "vitest";
import { readStackFile } from "../load.ts";
import { ConfigurationError } from "../problem.ts";
import { resolve } from "../resolve.ts";
import { renderStack } from "../stack.ts";

const store = { kind: "s3", endpoint: "s3.example.com", region: "eu", identity: { role: "r" } };

function problems(tenants: object, changes: object = {}): readonly string[] {
  try {
    renderStack(resolve({ ...readStackFile("stacks", "dev").raw, ...changes, tenants }, { stack: "dev" }));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

test("no two tenants have a namespace or a name in common", () => {
  expect(
    problems({ anonymous: { namespaces: ["a"] }, b: { namespaces: ["b", "a"] }, c: { namespaces: ["c", "b"] } }),
  ).toEqual([
    "SKP1316 skopos:tenants.anonymous",
    "SKP1316 skopos:tenants.b.namespaces[1]",
    "SKP1316 skopos:tenants.c.namespaces[1]",
  ]);
  expect(problems({ b: { namespaces: ["a", "b"] }, c: { namespaces: ["c"] } })).toEqual([]);
});

test("names, namespaces and limits have their formats", () => {
  expect(
    problems({ Team_A: { namespaces: ["a"] }, b: { namespaces: [] }, c: { namespaces: ["A.b"], mimir: { "a-b": 1 } } }),
  ).toEqual([
    expect.stringMatching(/^SKP1012 skopos:tenants.Team_A/),
    expect.stringMatching(/^SKP10\d\d skopos:tenants.b.namespaces/),
    expect.stringMatching(/^SKP1012 skopos:tenants.c.namespaces.0/),
    expect.stringMatching(/^SKP1012 skopos:tenants.c.mimir/),
  ]);
});

test("limits are those of the program, which would not start with others", () => {
  const limits = (mimir: object, loki: object) => problems({ b: { namespaces: ["b"], mimir, loki } });
  expect(limits({ max_global_serie_per_user: 1 }, { max_global_series_per_user: 1 })).toEqual([
    expect.stringMatching(/^SKP1012 skopos:tenants.b.mimir/),
    expect.stringMatching(/^SKP1012 skopos:tenants.b.loki/),
  ]);
  expect(limits({ max_global_series_per_user: 1 }, { ingestion_rate_mb: 1, retention_stream: [] })).toEqual([]);
});

test("rules of teams must be able to read them", () => {
  const large = {
    scale: "large",
    retention: "standard",
    workload: {},
    objectStorage: store,
    availability: "redundant",
  };
  expect(problems({ b: { namespaces: ["b"] } }, large)).toContain("SKP1317 skopos:tenants");
  expect(problems({}, large)).not.toContain("SKP1317 skopos:tenants");
});

test("the tenant of the aggregates is taken", () => {
  const found = problems({ "long-term": { namespaces: ["a"] } }, { retention: "extended" });
  expect(found).toContain("SKP1229 skopos:tenants.long-term");
});

test("the value of a limit is of the type that the program reads", () => {
  const limits = (mimir: object, loki: object) => problems({ b: { namespaces: ["b"], mimir, loki } });
  const wrong = {
    max_global_series_per_user: ["lots", null, [1], -1, 1.5, "1"],
    compactor_blocks_retention_period: ["forever", null, ["1d"], -1, "-1d", ""],
    accept_ha_samples: ["yes", null, 1],
    ingestion_rate: ["fast", -1],
    blocked_queries: [{}, "a"],
    active_series_custom_trackers: [[], null],
  };
  for (const [name, values] of Object.entries(wrong))
    for (const value of values)
      expect(limits({ [name]: value }, {}), `${name}: ${value}`).toEqual([`SKP1012 skopos:tenants.b.mimir.${name}`]);
  const loki = {
    max_line_size: "big",
    query_timeout: "soon",
    ruler_remote_write_timeout: "1d",
    unordered_writes: null,
  };
  expect(limits({}, loki)).toEqual(Object.keys(loki).map((name) => `SKP1012 skopos:tenants.b.loki.${name}`));
  expect(
    limits(
      {
        max_global_series_per_user: 0,
        compactor_blocks_retention_period: "1y2d",
        alertmanager_notification_rate_limit: -1,
        ingestion_rate: 1.5,
        out_of_order_time_window: 0,
      },
      { max_line_size: "1KB", per_stream_rate_limit: 1024, query_timeout: "5m", ruler_remote_write_timeout: "1.5h" },
    ),
  ).toEqual([]);
});
