import { describe, expect, test } from "vitest";
import { retentionProfiles, seconds, workloads } from "../../lib/sizing/index.ts";
import { type CheckedMimir, checkMimir, type MicroservicesSizing, sizeMimir } from "./index.ts";

const load = { workload: workloads.medium, availability: "redundant", retention: retentionProfiles.extended } as const;
const sizing = sizeMimir(load) as MicroservicesSizing;
const right: CheckedMimir = {
  ...load,
  sizing,
  objectStore: { kind: "s3", endpoint: "s3.example", region: "eu" },
  bucket: "mimir-blocks",
  cluster: { name: "c", version: "1.36", platform: "eks", zones: ["a", "b", "c"] },
  tenant: "anonymous",
};
const places = (changes: Partial<CheckedMimir>) =>
  checkMimir({ ...right, ...changes }).map(({ code, at }) => [code, at]);

test("a stack as it is sized has nothing to tell", () => {
  expect(checkMimir(right)).toEqual([]);
});

describe("what Mimir itself accepts, and should not", () => {
  test.each<[string, Partial<CheckedMimir>, string, string]>([
    ["separate pods, each with its own disk", { objectStore: { kind: "filesystem" } }, "SKP1211", "objectStore"],
    ["an empty bucket name", { bucket: "" }, "SKP1212", "bucket"],
    [
      "fewer ingesters than copies",
      { sizing: { ...sizing, ingester: { ...sizing.ingester, replicas: 0 } } },
      "SKP1212",
      "sizing.ingester.replicas",
    ],
    [
      "fewer store-gateways than copies",
      { sizing: { ...sizing, storeGateway: { ...sizing.storeGateway, replicas: 0 } } },
      "SKP1212",
      "sizing.storeGateway.replicas",
    ],
    [
      "ingesters that three zones cannot share",
      { sizing: { ...sizing, ingester: { ...sizing.ingester, replicas: 7 } } },
      "SKP1212",
      "sizing.ingester.replicas",
    ],
    ["two zones for three copies", { cluster: { ...right.cluster, zones: ["a", "b"] } }, "SKP1212", "cluster.zones"],
    [
      "more series than an ingester holds",
      { workload: { ...workloads.medium, activeSeries: 9_000_000 } },
      "SKP1214",
      "sizing.ingester.replicas",
    ],
    [
      "aggregates that end before their series",
      { retention: { ...load.retention, aggregates: seconds("30d") } },
      "SKP1212",
      "retention.aggregates",
    ],
    [
      "a retention within what ingesters hold",
      { retention: { ...retentionProfiles.standard, mimir: seconds("6h") } },
      "SKP1212",
      "retention.mimir",
    ],
    ["a bucket that deletes first", { lifecycleSeconds: seconds("365d") }, "SKP1212", "objectStore.lifecycle"],
    ["a tenant that no header can name", { tenant: "a/b" }, "SKP1212", "tenant"],
    ["the aggregates' tenant for everything", { tenant: "long-term" }, "SKP1212", "tenant"],
    [
      "a limit below the workload",
      { tenants: { anonymous: { max_global_series_per_user: 150_000 } } },
      "SKP1212",
      "tenants.anonymous.max_global_series_per_user",
    ],
  ])("%s", (_, changes, code, at) => expect(places(changes)).toContainEqual([code, at]));

  test("all at once", () => {
    expect(places({ bucket: "", tenant: "a/b", lifecycleSeconds: 1 })).toHaveLength(3);
  });

  test("a lifecycle beyond the longest tenant and its deletion delay is right", () => {
    expect(places({ lifecycleSeconds: seconds("731d") })).toEqual([]);
  });
});
