import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { imageReference } from "../lib/kubernetes/index.ts";
import { until } from "../test/support/wait.ts";
import { imageLockName } from "./image-lock.ts";
import { runStack } from "./program.ts";

const registered: unknown[] = [];
const transformed = new Set<string>();

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: ({ name, inputs, transforms }) => {
      registered.push(inputs);
      if (transforms?.length === 1) transformed.add(name);
      return { id: name, state: inputs };
    },
    call: () => ({}),
  }),
);
afterEach(() => void vi.restoreAllMocks());

const least = {
  "skopos:cluster": '{"name": "c", "version": "1.35", "networkPolicies": false, "context": "c"}',
  "skopos:retention": "ephemeral",
  "skopos:scale": "small",
};

test.each([
  [{ "skopos:retentoin": "standard" }, "SKP1001 skopos:retentoin"],
  [{ "skopo:collectors": "operator" }, "SKP1008 skopo:collectors"],
  [{ "skopos:images": '{"registries": ' }, "SKP1014 skopos:images"],
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

test("overrides take part in the configuration, and transforms in every resource that has no parent", async () => {
  pulumi.runtime.setAllConfig({ ...least, "skopos:availability": "single", "skopos:grafanaAdminPassword": "secret" }, [
    "skopos:grafanaAdminPassword",
  ]);
  expect(() => runStack({ overrides: { components: { mimir: { replicas: 0 } } } })).toThrow(
    "SKP1011 skopos:components.mimir.replicas",
  );
  const { capacity, endpoints } = runStack({
    overrides: { workload: { activeSeries: 123_000 } },
    transforms: [({ props, opts }) => ({ props, opts })],
  });
  expect(capacity.series).toBe(123_000);
  expect(endpoints.mimir?.push.scheme).toBe("http");
  await until("all of them", () => transformed.size === 3);
  expect([...transformed].sort()).toEqual(["cluster", "grafana-admin", "observability"]);
});

test("the images are those of the lock file, which is rejected where it cannot be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skopos-program-"));
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  pulumi.runtime.setAllConfig({ ...least, "skopos:availability": "single", "skopos:components": '{"grafana": false}' });
  const path = join(folder, imageLockName(pulumi.getStack()));
  writeFileSync(path, "{");
  expect(runStack).toThrow(`SKP1021 ${imageLockName(pulumi.getStack())}: is not JSON`);
  const digest = `sha256:${"3".repeat(64)}`;
  writeFileSync(path, JSON.stringify({ version: 1, images: { [imageReference("mimir")]: { digest } } }));
  runStack();
  const pinned = `"image":"${imageReference("mimir")}@${digest}"`;
  await until("Mimir's pods", () => registered.some((inputs) => JSON.stringify(inputs).includes(pinned)));
  rmSync(folder, { recursive: true });
});
