import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { typeUrl } from "../src/envoy.ts";
import type { Flowplane } from "../src/serve.ts";
import { call, DiscoveryClient, seed, series, start } from "./client.ts";

const names = ({ resources }: { resources: { name: string }[] }) => resources.map(({ name }) => name);

test("clients get their team's resources, and again at each change of them", async () => {
  await using flowplane = await start();
  const payments = await seed(flowplane, "payments", 2);
  const billing = await seed(flowplane, "billing");
  using one = await DiscoveryClient.connect(flowplane.url, payments);
  using two = await DiscoveryClient.connect(flowplane.url, payments);
  for (const client of [one, two]) client.send({ type_url: typeUrl("cluster"), node: { id: "proxy" } });
  const [first] = await Promise.all([one.next(), two.next()]);
  expect(names(first)).toEqual(["c1", "c2"]);
  expect(await series(flowplane.metricsUrl, "xds_streams")).toEqual(["xds_streams 2"]);

  one.send({ type_url: first.type_url, version_info: first.version_info, response_nonce: first.nonce });
  two.send({ type_url: first.type_url, response_nonce: first.nonce, error_detail: { message: "no" } });
  // Another team's change is not sent; the own one is.
  await call(flowplane.url, billing, "DELETE", "/api/v1/teams/billing/listeners/l1");
  await call(flowplane.url, payments, "DELETE", "/api/v1/teams/payments/clusters/c2");
  for (const client of [one, two]) {
    const next = await client.next();
    expect(names(next)).toEqual(["c1"]);
    expect(Number(next.version_info)).toBeGreaterThan(Number(first.version_info));
  }
  const responses = await series(flowplane.metricsUrl, "xds_responses_total");
  expect(responses).toEqual(
    expect.arrayContaining([
      'xds_responses_total{resource_type="cluster",result="accepted"} 1',
      'xds_responses_total{resource_type="cluster",result="rejected"} 1',
      'xds_responses_total{resource_type="cluster",result="sent"} 4',
    ]),
  );
});

test("a proxy of another team is refused and counted; an administrator's serves any", async () => {
  await using flowplane = await start();
  await seed(flowplane, "payments");
  const billing = await seed(flowplane, "billing");
  const request = { type_url: typeUrl("listener"), node: { id: "proxy", metadata: { team: "payments" } } };
  using foreign = await DiscoveryClient.connect(flowplane.url, billing);
  foreign.send(request);
  expect((await foreign.next()).error.problems[0].code).toBe("FORBIDDEN");
  expect(await foreign.next()).toBeUndefined();
  expect(await series(flowplane.metricsUrl, "auth_cross_team_access_attempts_total")).toEqual([
    'auth_cross_team_access_attempts_total{from_team="billing",resource_type="listener",to_team="payments"} 1',
  ]);
  using admin = await DiscoveryClient.connect(flowplane.url, flowplane.adminToken);
  admin.send(request);
  expect(names(await admin.next())).toEqual(["l1"]);
});

test.each([
  ["what is not JSON", "{"],
  ["an unknown type", { type_url: "type.googleapis.com/x" }],
  ["a message without a type", {}],
])("%s ends the stream with its reason", async (_, message) => {
  await using flowplane = await start();
  using client = await DiscoveryClient.connect(flowplane.url, flowplane.adminToken);
  client.send(message);
  expect((await client.next()).error.problems[0].code).toBe("INVALID");
  expect(await client.next()).toBeUndefined();
});

test("followers serve what the leader has, catch up when it comes back, and send changes to it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "flowplane-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rmSync(directory, { recursive: true }));
  const secret = join(directory, "token");
  const env = { FLOWPLANE_DATABASE: join(directory, "leader.db"), FLOWPLANE_ADMIN_TOKEN_FILE: secret };
  writeFileSync(secret, "administrator");
  let leader = await start(env);
  const { port } = new URL(leader.url);
  const token = await seed(leader, "payments", 2);
  const follow = () => start({ FLOWPLANE_LEADER: leader.url, FLOWPLANE_ADMIN_TOKEN_FILE: secret });
  const followers = [cleanUp.use(await follow()), cleanUp.use(await follow())];
  const isReady = async ({ metricsUrl }: Flowplane) => (await fetch(`${metricsUrl}/health/ready`)).ok;
  const clients: DiscoveryClient[] = [];
  for (const follower of followers) {
    await expect.poll(() => isReady(follower), { timeout: 30_000 }).toBe(true);
    const refused = await call(follower.url, token, "DELETE", "/api/v1/teams/payments/listeners/l1");
    expect([refused.status, refused.body.problems[0].fix]).toEqual([421, `Send changes to ${leader.url}`]);
    const client = cleanUp.use(await DiscoveryClient.connect(follower.url, token));
    client.send({ type_url: typeUrl("cluster") });
    expect(names(await client.next())).toEqual(["c1", "c2"]);
    clients.push(client);
  }

  await leader[Symbol.asyncDispose]();
  for (const follower of followers) {
    await expect.poll(() => isReady(follower), { timeout: 30_000 }).toBe(false);
    expect((await call(follower.url, token, "GET", "/api/v1/teams/payments/clusters")).body.resources).toHaveLength(2);
  }
  leader = cleanUp.use(await start({ ...env, FLOWPLANE_PORT: port }));
  await call(leader.url, token, "DELETE", "/api/v1/teams/payments/clusters/c2");
  for (const client of clients) expect(names(await client.next())).toEqual(["c1"]);
  for (const { metricsUrl } of followers)
    expect(await series(metricsUrl, "xds_team_resources_total")).toContain(
      'xds_team_resources_total{resource_type="cluster",team="payments"} 1',
    );
});
