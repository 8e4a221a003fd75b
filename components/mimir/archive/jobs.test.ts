import { expect, test } from "vitest";
import type { ObjectStore } from "../../../lib/kubernetes/index.ts";
import { retentionProfiles } from "../../../lib/sizing/index.ts";
import { objectOf } from "../../../test/support/charts.ts";
import { fileOf, render } from "../../../test/support/mimir.ts";
import { validateMimir } from "../index.ts";

const retention = retentionProfiles.archive;
const kinds = (chart: ReturnType<typeof render>) => chart.toJson().map(({ kind }) => kind);

/** The environment of the archive's container. */
function environment(objectStore: ObjectStore): Readonly<Record<string, unknown>> {
  const chart = render("medium", { retention, objectStore });
  const cronJob = objectOf(chart, "CronJob", "mimir-archive");
  const pod = (cronJob as unknown as { spec: { jobTemplate: { spec: { template: { spec: unknown } } } } }).spec
    .jobTemplate.spec.template.spec as {
    containers: { env: { name: string; value?: string; valueFrom?: object }[] }[];
  };
  return Object.fromEntries(
    (pod.containers[0]?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  );
}

test("there is an archive only with a retention for it", () => {
  expect(kinds(render("medium", { retention: retentionProfiles.extended }))).not.toContain("CronJob");
  expect(kinds(render("medium", { retention }))).toContain("CronJob");
});

test("restored blocks belong to a tenant whose blocks are not deleted", () => {
  const { overrides } = fileOf(render("medium", { retention }), "mimir-runtime", "runtime.yaml");
  expect(overrides.restored).toMatchObject({ compactor_blocks_retention_period: "0s" });
});

test("its pods reach the object store, with the pods' identity or a key", () => {
  const chart = render("medium", { retention });
  const from = chart.edges.filter(({ from }) => JSON.stringify(from).includes('"part":"archive"'));
  expect(from.map(({ why }) => why)).toEqual(["object storage"]);
  const id = { secretKeyRef: { name: "s3", key: "id" } };
  const credentials = { accessKeyId: { secret: "s3", key: "id" }, secretAccessKey: { secret: "s3", key: "key" } };
  expect(
    environment({ kind: "s3", endpoint: "s3.example:9000", region: "eu", insecure: true, credentials }),
  ).toMatchObject({
    RCLONE_CONFIG_STORE_PROVIDER: "Other",
    RCLONE_CONFIG_STORE_ENDPOINT: "http://s3.example:9000",
    RCLONE_CONFIG_STORE_ACCESS_KEY_ID: id,
  });
  const aws = environment({
    kind: "s3",
    endpoint: "s3.eu-central-1.amazonaws.com",
    region: "eu-central-1",
    identity: {},
  });
  expect(aws).toMatchObject({ RCLONE_CONFIG_STORE_PROVIDER: "AWS", RCLONE_CONFIG_STORE_ENV_AUTH: "true" });
  expect(environment({ kind: "gcs", identity: {} })).toMatchObject({ RCLONE_CONFIG_STORE_ENV_AUTH: "true" });
  const accountKey = { secret: "az", key: "key" };
  expect(environment({ kind: "azure", account: "observability", credentials: { accountKey } })).toMatchObject({
    RCLONE_CONFIG_STORE_KEY: { secretKeyRef: { name: "az", key: "key" } },
  });
});

test("what cannot be archived in time, or at all, is an error", () => {
  const props = {
    namespace: "obs",
    objectStore: { kind: "s3", endpoint: "s3.example", region: "eu", identity: {} },
  } as const;
  const codes = (changes: object) =>
    validateMimir({ ...props, retention, ...changes }).map(({ code, at }) => [code, at]);
  expect(codes({})).toEqual([]);
  expect(codes({ retention: { ...retention, mimir: 2 * 86_400 } })).toEqual([["SKP1221", "retention.mimir"]]);
  expect(codes({ objectStore: { kind: "filesystem" } })).toContainEqual(["SKP1262", "retention.archive"]);
  expect(codes({ tenant: "restored" })).toEqual([["SKP1229", "tenant"]]);
});

test("the archive's bytes are planned", () => {
  const bytes = (profile: "extended" | "archive") =>
    render("medium", { retention: retentionProfiles[profile] }).objectStorage.reduce((sum, use) => sum + use.bytes, 0);
  // 2555 d of archive beside 365 d in Mimir.
  expect(bytes("archive") / bytes("extended")).toBeGreaterThan(7);
});
