import { describe, expect, test } from "vitest";
import { retentionProfiles, seconds, workloads } from "../../lib/sizing/index.ts";
import { type MimirProps, validateMimir } from "./index.ts";

const retention = retentionProfiles.extended;
const cluster = { name: "c", version: "1.36", platform: "eks", zones: ["a", "b", "c"] } as const;
const valid: MimirProps = {
  namespace: "obs",
  workload: workloads.medium,
  availability: "redundant",
  retention,
  objectStore: { kind: "s3", endpoint: "s3.example", region: "eu", identity: {} },
  bucket: "mimir-blocks",
  cluster,
  tenant: "anonymous",
};
const places = (changes: Partial<MimirProps>) =>
  validateMimir({ ...valid, ...changes }).map(({ code, at }) => [code, at]);

test("computed sizes are valid", () => {
  expect(validateMimir(valid)).toEqual([]);
});

describe("mistakes that Mimir accepts at startup", () => {
  test.each<[string, Partial<MimirProps>, string, string]>([
    ["several pods, each with its own volume", { objectStore: { kind: "filesystem" } }, "SKP1211", "objectStore"],
    ["an object store without credentials or identity", { objectStore: { kind: "gcs" } }, "SKP1207", "objectStore"],
    ["an empty bucket name", { bucket: "" }, "SKP1012", "bucket"],
    [
      "fewer ingesters than copies",
      { overrides: { ingester: { replicas: 2 } } },
      "SKP1225",
      "workloads.ingester.replicas",
    ],
    [
      "fewer store-gateways than copies",
      { overrides: { "store-gateway": { replicas: 2 } } },
      "SKP1225",
      "workloads.store-gateway.replicas",
    ],
    [
      "ingesters that three zones cannot share",
      { overrides: { ingester: { replicas: 7 } } },
      "SKP1227",
      "workloads.ingester.replicas",
    ],
    ["two zones for three copies", { cluster: { ...cluster, zones: ["a", "b"] } }, "SKP1226", "cluster.zones"],
    [
      "more series than an ingester holds",
      { workload: { ...workloads.medium, activeSeries: 9_000_000 }, overrides: { ingester: { replicas: 9 } } },
      "SKP1214",
      "workloads.ingester.replicas",
    ],
    [
      "aggregates that expire before their series",
      { retention: { ...retention, aggregates: seconds("30d") } },
      "SKP1222",
      "retention.aggregates",
    ],
    [
      "a retention shorter than what ingesters hold",
      { retention: { ...retentionProfiles.standard, mimir: seconds("6h") } },
      "SKP1221",
      "retention.mimir",
    ],
    ["a bucket that deletes live blocks", { bucketLifecycle: seconds("365d") }, "SKP1223", "bucketLifecycle"],
    ["an invalid tenant ID", { tenant: "a/b" }, "SKP1012", "tenant"],
    ["the aggregates' tenant for all series", { tenant: "long-term" }, "SKP1229", "tenant"],
    [
      "a limit below the workload",
      { tenants: { anonymous: { max_global_series_per_user: 150_000 } } },
      "SKP1230",
      "tenants.anonymous.max_global_series_per_user",
    ],
  ])("%s", (_, changes, code, at) => expect(places(changes)).toContainEqual([code, at]));

  test("are reported all at once", () => {
    expect(places({ bucket: "", tenant: "a/b", bucketLifecycle: 1 })).toHaveLength(3);
  });

  test("a lifecycle longer than the longest retention and its deletion delay is valid", () => {
    expect(places({ bucketLifecycle: seconds("731d") })).toEqual([]);
  });
});
