// The same objects give the same findings through the command line, a Pulumi policy pack and a cdk8s plugin.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { SkoposValidation } from "./cdk8s.ts";
import { checkObjects } from "./engine/check.ts";
import type { KubernetesObject } from "./engine/object.ts";
import { change } from "./fixtures/fixture.ts";
import { changed, world } from "./fixtures/world.ts";
import { readManifests } from "./load/files.ts";
import { policyName, skoposPolicies } from "./pulumi.ts";
import { rules } from "./rules/index.ts";
import { shippedWaivers } from "./shipped-waivers.ts";

const today = "2026-11-30";
const web = "Deployment/shop/web";
const container = "spec/template/spec/containers/0";
/** Mistakes of several groups, of single objects and of joins. */
const objects = changed(world(), [
  change(web, `${container}/securityContext/privileged`, true),
  change(web, `${container}/image`, "registry.example.com/shop/web:1.2.3"),
  change("ServiceMonitor/shop/web", "spec/endpoints/0/port", "9464"),
  change("ConfigMap/observability/gateway", "data/collector.yaml/processors/tail_sampling/decision_wait", "90s"),
  change("PrometheusRule/shop/web", "spec/groups/0/rules/1/for", "30s"),
  { without: "PodDisruptionBudget/shop/web" },
]);

const folder = mkdtempSync(join(tmpdir(), "skopos-fronts-"));
const manifest = join(folder, "all.yaml");
beforeAll(() =>
  writeFileSync(manifest, objects.map(({ raw }) => stringify(raw, { aliasDuplicateObjects: false })).join("---\n")),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** `rule object`, sorted: what every front has to say. */
const expected = checkObjects(objects, { rules, shippedWaivers: shippedWaivers(), today })
  .findings.map(({ rule, object }) => `${rule} ${object?.id}`)
  .sort();

test("the mistakes are found at all", () => {
  expect(new Set(expected.map((each) => each.split("/")[0])).size).toBeGreaterThan(4);
});

test("reading manifests from files gives the same findings", () => {
  const { findings } = checkObjects(readManifests([manifest]).objects, {
    rules,
    shippedWaivers: shippedWaivers(),
    today,
  });
  expect(findings.map(({ rule, object }) => `${rule} ${object?.id}`).sort()).toEqual(expected);
});

test("the cdk8s plugin reports the same findings and fails", async () => {
  const violations: {
    ruleName: string;
    violatingResources: readonly { resourceName: string; manifestPath: string }[];
  }[] = [];
  let status: string | undefined;
  await new SkoposValidation({ today }).validate({
    manifests: [manifest],
    report: {
      addViolation: (violation) => violations.push(violation),
      submit: (how) => {
        status = how;
      },
    },
  });
  expect(status).toBe("failure");
  const named = ({ ruleName, violatingResources: [resource] }: (typeof violations)[number]) =>
    `${ruleName} ${resource?.resourceName}`;
  const nameOf = (id: string) =>
    id.split(" ")[0] + " " + id.split(" ")[1]?.split("/").slice(1).filter(Boolean).join("/");
  expect(violations.map(named).sort()).toEqual(expected.map(nameOf).sort());
  expect(violations.every(({ violatingResources: [resource] }) => resource?.manifestPath === manifest)).toBe(true);
});

// The engine calls a pack through these functions of the SDK; they are internal, so this test also pins their form.
const require = createRequire(import.meta.url);
const { makeAnalyzeStackRpcFun } = require("@pulumi/policy/server") as {
  makeAnalyzeStackRpcFun: (
    name: string,
    version: string,
    level: string,
    policies: unknown,
  ) => (call: { request: unknown }, callback: (error: Error | null | undefined, response: Response) => void) => void;
};
const analyzer = require("@pulumi/pulumi/proto/analyzer_pb") as {
  AnalyzeStackRequest: new () => { setResourcesList(list: unknown[]): void };
  AnalyzerResource: new () => {
    setType(type: string): void;
    setUrn(urn: string): void;
    setName(name: string): void;
    setProperties(struct: unknown): void;
    setOptions(options: unknown): void;
  };
  AnalyzerResourceOptions: (new () => { setCustomtimeouts(timeouts: unknown): void }) & {
    CustomTimeouts: new () => object;
  };
};
/** The protobuf runtime must be the SDK's own. */
const ofTheSdk = createRequire(require.resolve("@pulumi/policy/server"));
const { Struct } = ofTheSdk("google-protobuf/google/protobuf/struct_pb") as {
  Struct: { fromJavaScript(value: unknown): unknown };
};

interface Response {
  getDiagnosticsList(): {
    getPolicyname(): string;
    getMessage(): string;
    getEnforcementlevel(): number;
    getUrn(): string;
  }[];
}

/** The rule of a diagnostic: the SDK puts the policy's description on a line before the message. */
const ruleIn = (diagnostic: { getMessage(): string }): string | undefined =>
  /^([a-z]+\/[a-z-]+): /m.exec(diagnostic.getMessage())?.[1];

/** Calls a pack's stack analysis as the engine does, over objects as registered resources. */
function analyze(
  of: readonly KubernetesObject[],
  values: (object: KubernetesObject) => unknown = ({ raw }) => raw,
): Promise<Response> {
  const request = new analyzer.AnalyzeStackRequest();
  request.setResourcesList(
    of.map((object) => {
      const resource = new analyzer.AnalyzerResource();
      resource.setType(`kubernetes:${object.apiVersion}:${object.kind}`);
      resource.setUrn(`urn:pulumi:test::skopos::kubernetes:${object.apiVersion}:${object.kind}::${object.id}`);
      resource.setName(object.id);
      const options = new analyzer.AnalyzerResourceOptions();
      options.setCustomtimeouts(new analyzer.AnalyzerResourceOptions.CustomTimeouts());
      resource.setOptions(options);
      resource.setProperties(Struct.fromJavaScript(values(object)));
      return resource;
    }),
  );
  const run = makeAnalyzeStackRpcFun("skopos", "0.1.0", "mandatory", skoposPolicies({ today }));
  return new Promise((resolve, reject) =>
    run({ request }, (error, response) => (error ? reject(error) : resolve(response))),
  );
}

/** A secret as it crosses the wire. */
const secret = (value: unknown) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

test("the Pulumi pack reports the same findings through the SDK's analyzer, each for its resource", async () => {
  const diagnostics = (await analyze(objects)).getDiagnosticsList();
  const found = diagnostics.map((each) => `${ruleIn(each)} ${each.getUrn().split("::").at(-1)}`);
  expect(found.sort()).toEqual(expected);
  for (const each of diagnostics) {
    const rule = rules.find(({ id }) => policyName(id) === each.getPolicyname());
    // Information must not stop an update: advisory is 0, mandatory 1.
    expect(each.getEnforcementlevel(), each.getMessage()).toBe(rule && rule.severity !== "info" ? 1 : 0);
  }
});

test("a value that a preview does not know gives an advisory, never an error or a pass", async () => {
  const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const [first] = changed(world(), [change(web, `${container}/image`, unknownText)]).filter(({ id }) => id === web);
  const diagnostics = (await analyze(first ? [first] : [])).getDiagnosticsList();
  const undecided = diagnostics.filter((each) => each.getMessage().includes(": cannot be decided: "));
  expect(undecided.map((each) => ruleIn(each)).sort()).toEqual(["pods/image-digest", "pods/image-tag"]);
  expect(undecided.every((each) => each.getEnforcementlevel() === 0)).toBe(true);
});

test("secrets are read and not repeated", async () => {
  const secrets = objects.filter(({ kind }) => kind === "Secret");
  const diagnostics = (
    await analyze(secrets, ({ raw }) => ({
      ...raw,
      stringData: secret({ password: "hunter2hunter2", "x.yaml": "a: [" }),
    }))
  ).getDiagnosticsList();
  expect(diagnostics.map((each) => each.getMessage()).join()).not.toContain("hunter2");
  expect(diagnostics.map((each) => ruleIn(each))).toContain("wiring/readable");
});

test("resources without a shape, or of other providers, are no crash", async () => {
  const diagnostics = (
    await analyze(objects.slice(0, 5), () => ({ kind: "Deployment", apiVersion: "apps/v1", metadata: null, spec: 7 }))
  ).getDiagnosticsList();
  expect(
    diagnostics.map((each) => each.getMessage()).filter((each) => each.includes("the rule itself failed")),
  ).toEqual([]);
});
