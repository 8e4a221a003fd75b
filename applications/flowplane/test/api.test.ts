import { expect, test } from "vitest";
import { call, seed, series, start } from "./client.ts";

test("a team owns its resources, and nobody else reaches them", async () => {
  await using flowplane = await start();
  const [payments, billing] = [await seed(flowplane, "payments", 2), await seed(flowplane, "billing")];
  const list = (token: string, team: string, kind: string) =>
    call(flowplane.url, token, "GET", `/api/v1/teams/${team}/${kind}`);
  expect(
    (await list(payments, "payments", "clusters")).body.resources.map(({ name }: { name: string }) => name),
  ).toEqual(["c1", "c2"]);
  expect((await list(billing, "payments", "clusters")).status).toBe(403);
  expect((await list(billing, "payments", "routes")).status).toBe(403);
  expect((await list(billing, "nobody", "routes")).status).toBe(403);
  expect((await list("invented", "payments", "clusters")).status).toBe(401);
  expect((await list(flowplane.adminToken, "payments", "clusters")).status).toBe(200);
  expect(await series(flowplane.metricsUrl, "auth_cross_team_access_attempts_total")).toEqual([
    'auth_cross_team_access_attempts_total{from_team="billing",resource_type="cluster",to_team="payments"} 1',
    'auth_cross_team_access_attempts_total{from_team="billing",resource_type="route",to_team="payments"} 1',
    'auth_cross_team_access_attempts_total{from_team="billing",resource_type="route",to_team="unknown"} 1',
  ]);
});

test("the gauge follows what each team has, and a deleted team's series end", async () => {
  await using flowplane = await start();
  const token = await seed(flowplane, "payments", 3);
  await seed(flowplane, "billing");
  const gauge = () => series(flowplane.metricsUrl, "xds_team_resources_total");
  expect(await gauge()).toEqual(
    expect.arrayContaining([
      'xds_team_resources_total{resource_type="cluster",team="payments"} 3',
      'xds_team_resources_total{resource_type="route",team="payments"} 1',
      'xds_team_resources_total{resource_type="listener",team="billing"} 1',
    ]),
  );
  await call(flowplane.url, token, "DELETE", "/api/v1/teams/payments/clusters/c3");
  expect(await gauge()).toContain('xds_team_resources_total{resource_type="cluster",team="payments"} 2');
  await call(flowplane.url, flowplane.adminToken, "DELETE", "/api/v1/teams/payments");
  expect((await gauge()).filter((line) => line.includes("payments"))).toEqual([]);
});

test("a request is told every mistake at once", async () => {
  await using flowplane = await start();
  const token = await seed(flowplane, "payments");
  const { status, body } = await call(flowplane.url, token, "PUT", "/api/v1/teams/payments/clusters/c9", {
    endpoints: [{ address: "a b", port: 99_999 }],
    timeout: 1,
  });
  expect(status).toBe(400);
  expect(body.problems.map(({ path }: { path: string }) => path).sort()).toEqual([
    "body",
    "body.endpoints.0.address",
    "body.endpoints.0.port",
  ]);
  const dangling = await call(flowplane.url, token, "PUT", "/api/v1/teams/payments/routes/r2", {
    routes: [
      { prefix: "/a", cluster: "x" },
      { prefix: "/b", cluster: "y" },
    ],
  });
  expect(dangling.status).toBe(409);
  expect(dangling.body.problems).toHaveLength(2);
  expect((await call(flowplane.url, token, "DELETE", "/api/v1/teams/payments/clusters/c1")).status).toBe(409);
});

test("durations are recorded by the route's pattern, never by the path", async () => {
  await using flowplane = await start();
  const token = await seed(flowplane, "payments");
  for (let i = 0; i < 50; i++) await call(flowplane.url, token, "GET", `/api/v1/teams/payments/clusters/c${i}`);
  for (let i = 0; i < 50; i++) await call(flowplane.url, token, "GET", `/invented/${i}`);
  const counts = await series(flowplane.metricsUrl, "http_server_request_duration_seconds_count");
  expect(counts.length).toBeLessThan(12);
  expect(counts.some((line) => line.includes('http_route="/api/v1/teams/{team}/{kind}/{name}"'))).toBe(true);
});

test("names of teams are hashed where they could identify a person", async () => {
  await using flowplane = await start({ FLOWPLANE_HASH_TEAMS: "true", FLOWPLANE_HASH_KEY_FILE: import.meta.filename });
  const token = await seed(flowplane, "jane-doe");
  await call(flowplane.url, token, "GET", "/api/v1/teams/john-doe/clusters");
  const page = await (await fetch(`${flowplane.metricsUrl}/metrics`)).text();
  expect(page).not.toMatch(/jane|john/);
  expect(await series(flowplane.metricsUrl, "xds_team_resources_total")).toHaveLength(3);
});
