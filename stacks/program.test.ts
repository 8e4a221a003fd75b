import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { runStack } from "./program.ts";

beforeAll(() =>
  pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }),
);

const least = {
  "skopos:cluster": '{"name": "c", "version": "1.35", "networkPolicies": false, "context": "c"}',
  "skopos:retention": "ephemeral",
  "skopos:scale": "small",
};

test.each([
  [{ "skopos:retentoin": "standard" }, "SKP1001 skopos:retentoin"],
  [{ "skopo:collectors": "operator" }, "SKP1008 skopo:collectors"],
  [{ "skopos:images": '{"registries": ' }, "SKP1003 skopos:images"],
])("runStack refuses %o, as render does", (extra, message) => {
  pulumi.runtime.setAllConfig({ ...least, ...extra });
  expect(runStack).toThrow(message);
});

test("a missing password of Grafana's administrator stops the program before anything is registered", () => {
  pulumi.runtime.setAllConfig({ ...least, "skopos:availability": "single" });
  expect(runStack).toThrow(/SKP1261 skopos:grafanaAdminPassword[\s\S]*pulumi config set --secret/);
});

test.each([
  ["a Secret of the user's", { "skopos:components": '{"grafana": {"adminSecret": {"name": "mine"}}}' }],
  ["no Grafana", { "skopos:components": '{"grafana": false}' }],
])("%s needs no password", (_, extra) => {
  pulumi.runtime.setAllConfig({ ...least, ...extra });
  expect(() => runStack()).not.toThrow("SKP1261");
});
