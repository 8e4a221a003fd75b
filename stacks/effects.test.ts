// A setting that cannot take effect in a combination is rejected; where it can, it is accepted.
import { expect, test } from "vitest";
import { least, withoutEffect as rejected } from "../test/support/rejected-stacks.ts";
import { ConfigurationError } from "./problem.ts";
import { resolve } from "./resolve.ts";

const secret = { secret: "s", key: "k" };
const alerts = { receivers: [{ kind: "webhook", name: "team", url: secret }], deadMansSwitch: secret };
const url = "https://x.example.com";
const search = { kind: "elasticsearch", urls: [url] };
const kafka = { address: "kafka:9092" };

function withoutEffect(config: object): readonly string[] {
  try {
    resolve({ ...least, ...config }, { stack: "s" });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.filter(({ code }) => code === "SKP1013").map(({ path }) => path.slice("skopos:".length));
  }
  return [];
}

test.each(rejected)("%o is rejected where it has no effect", (paths, config) => {
  expect(withoutEffect(config)).toEqual(paths);
});

test.each([
  { alerts },
  { extra: { remoteWrites: [{ name: "a", url: "https://a.example.com" }] } },
  { tenants: { a: { namespaces: ["a"], mimir: {}, loki: {}, folder: "A" } } },
  { grafanaAdminPassword: { secure: "v1" } },
  { components: { prometheus: { remoteRead: true } } },
  { components: { alloy: { logSource: "api" } } },
  { components: { mimir: { bucketLifecycle: "10y", mode: "monolithic" } } },
  { components: { traces: { backend: "tempo", kafka } } },
  { components: { traces: { backend: "jaeger", storage: search } } },
])("%o is accepted where it has one", (config) => {
  expect(withoutEffect(config)).toEqual([]);
});
