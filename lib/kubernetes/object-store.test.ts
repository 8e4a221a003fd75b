import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import type { Port } from "../formats/index.ts";
import {
  ComponentChart,
  connectsToObjectStore,
  type ObjectStore,
  objectStoreAccess,
  objectStorePodLabels,
} from "./index.ts";

class AnyChart extends ComponentChart {
  readonly endpoints = {};
}

const key = (name: string) => ({ secret: "bucket", key: name });
const byKey = {
  s3: {
    kind: "s3",
    endpoint: "s3.example",
    region: "eu",
    credentials: { accessKeyId: key("id"), secretAccessKey: key("key") },
  },
  gcs: { kind: "gcs", credentials: { serviceAccount: key("account.json") } },
  azure: { kind: "azure", account: "a", credentials: { accountKey: key("key") } },
} as const satisfies Record<string, ObjectStore>;

/** The ports that a store's edges open, in order. */
function ports(store: ObjectStore): readonly (readonly Port[])[] {
  const chart = new AnyChart(new App(), "x", "x", { namespace: "n" });
  connectsToObjectStore(chart, chart.pods("x"), store);
  return chart.edges.map((edge) => edge.ports);
}

describe("the way to a store", () => {
  test("is its own port, or that of its scheme", () => {
    expect(ports(byKey.s3)).toEqual([[443]]);
    expect(ports({ ...byKey.s3, endpoint: "s3.example:9000" })).toEqual([[9000]]);
    expect(ports({ ...byKey.s3, insecure: true })).toEqual([[80]]);
    expect(ports(byKey.gcs)).toEqual([[443]]);
    expect(ports({ kind: "filesystem" })).toEqual([]);
  });

  test("leads over the metadata service where the pod's identity counts", () => {
    expect(ports({ kind: "gcs" })).toEqual([[443], [80, 988]]);
  });
});

test("keys come from the environment, Google's from a file", () => {
  expect(objectStoreAccess(byKey.s3)).toEqual({
    env: { OBJECT_STORE_ACCESS_KEY: key("id"), OBJECT_STORE_SECRET_KEY: key("key") },
    mounts: [],
  });
  const { env, mounts } = objectStoreAccess(byKey.gcs);
  expect(env).toEqual({ GOOGLE_APPLICATION_CREDENTIALS: "/etc/object-store/account.json" });
  expect(mounts.map(({ path, volume }) => [path, volume.name])).toEqual([["/etc/object-store", "bucket"]]);
  expect(objectStoreAccess({ kind: "gcs" })).toEqual({ env: {}, mounts: [] });
});

test("pods get the label of Azure's webhook if there is no account key", () => {
  expect(objectStorePodLabels({ kind: "azure", account: "a" })).toEqual({ "azure.workload.identity/use": "true" });
  expect(objectStorePodLabels(byKey.azure)).toEqual({});
});
