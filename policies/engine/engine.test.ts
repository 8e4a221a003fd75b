import { describe, expect, test } from "vitest";
import { z } from "zod";
import { change } from "../fixtures/fixture.ts";
import { changed, world, worldFacts } from "../fixtures/world.ts";
import { rules } from "../rules/index.ts";
import { type CheckOptions, checkObjects, RuleSettingsError } from "./check.ts";
import { fails } from "./finding.ts";
import { objectRule } from "./kinds-of-rules.ts";
import { deniedSide } from "./network.ts";
import { KubernetesObject } from "./object.ts";
import { ObjectSet } from "./object-set.ts";
import { bytes, duration, quantity } from "./quantities.ts";
import type { RuleSetting, Waiver } from "./settings.ts";
import { unknown } from "./unknown.ts";

const today = "2026-11-30";
const check = (objects: readonly KubernetesObject[], more: Partial<CheckOptions> = {}) =>
  checkObjects(objects, { rules, facts: worldFacts, today, ...more });
const only = (id: string) => rules.filter((rule) => rule.id === id);

const config = (name: string, data: unknown = {}) =>
  new KubernetesObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

const example = objectRule(
  {
    id: "pods/example",
    kinds: ["ConfigMap"],
    title: "Example",
    severity: "warning",
    why: "",
    remedy: "",
    parameters: z.object({ most: z.number().default(1) }),
  },
  function* (object, { parameters }) {
    const data = object.value.data as { count: number };
    if (data.count > parameters.most)
      yield { message: `${data.count} of ${parameters.most}`, path: ["data", "count"], fix: [] };
  },
);

describe("a rule", () => {
  test("that throws becomes a finding about its object, and the others are still checked", () => {
    const report = check([config("bad", null), config("good", { count: 2 })], { rules: [example] });
    expect(report.findings.map(({ object, outcome }) => [object?.name, outcome])).toEqual([
      ["bad", "crashed"],
      ["good", "failed"],
    ]);
    expect(fails(report)).toBe(true);
  });

  test("that reads an unknown value is undecided, which does not fail the run", () => {
    const report = check([config("a", { count: unknown }), config("b", unknown)], { rules: [example] });
    expect(report.findings.map(({ outcome }) => outcome)).toEqual(["undecided", "undecided"]);
    expect(report.findings[0]?.message).toBe("cannot be decided: data.count is not known yet");
    expect(fails(report)).toBe(false);
  });

  test("can be switched off, made milder, and given parameters", () => {
    const objects = [config("a", { count: 2 })];
    const with_ = (setting: RuleSetting) => check(objects, { rules: [example], settings: { "pods/example": setting } });
    expect(with_("off").skipped).toEqual([{ rule: "pods/example", reason: "switched off" }]);
    expect(with_({ severity: "info" }).findings.map(({ severity }) => severity)).toEqual(["info"]);
    expect(fails(with_({ severity: "info" }))).toBe(false);
    expect(with_({ most: 2 }).findings).toEqual([]);
  });

  test("whose settings are wrong is an error that names them all", () => {
    const wrong = () =>
      check([], { settings: { "pods/gomemlimit": { most: 1 }, "pods/nothing": "off", "pods/seccomp": { x: 1 } } });
    expect(wrong).toThrow(RuleSettingsError);
    expect(wrong).toThrow(/pods\/nothing: there is no such rule/);
    expect(wrong).toThrow(/pods\/gomemlimit/);
    expect(wrong).toThrow(/pods\/seccomp: it has no parameters/);
  });

  test("that lacks a fact is skipped, and the report says so", () => {
    const { skipped } = check(world(), { facts: {} });
    expect(skipped).toContainEqual({
      rule: "collectors/traces-held",
      reason: "needs the facts spansPerSecond, spansPerTrace",
    });
  });
});

describe("a waiver", () => {
  const web = "Deployment/shop/web";
  const objects = changed(world(), [
    change(web, "spec/template/spec/containers/0/securityContext/capabilities/add", ["SYS_ADMIN"]),
    change(web, "spec/template/spec/containers/0/securityContext/capabilities/drop", ["ALL"]),
  ]);
  const waiver: Waiver = {
    rule: "pods/added-capabilities",
    object: web,
    container: "web",
    capabilities: ["SYS_ADMIN"],
    owner: "shop",
    reason: "It needs this for the test.",
    expires: "2026-12-01",
  };
  const report = (...waivers: readonly Waiver[]) => check(objects, { rules: only("pods/added-capabilities"), waivers });

  test("that names exactly what was found accepts it, and the report lists it", () => {
    const { findings, waived } = report(waiver);
    expect(findings).toEqual([]);
    expect(waived.map(({ waiver: { owner }, finding: { message } }) => [owner, message])).toEqual([
      ["shop", "the container adds SYS_ADMIN"],
    ]);
  });

  test.each([
    ["another object", { object: "Deployment/shop/worker" }, "waivers/unused"],
    ["another container", { container: "worker" }, "waivers/unused"],
    ["no container", { container: undefined }, "waivers/unused"],
    ["no capability", { capabilities: undefined }, "waivers/unused"],
    ["too few capabilities", { capabilities: [] }, "waivers/unused"],
    ["too many capabilities", { capabilities: ["SYS_ADMIN", "NET_ADMIN"] }, "waivers/too-broad"],
    ["a rule that does not exist", { rule: "pods/nothing" }, "waivers/unused"],
    ["a day that has come", { expires: today }, "waivers/expired"],
  ])("for %s accepts nothing and is a finding itself", (_, more, rule) => {
    const { findings, waived } = report({ ...waiver, ...more } as Waiver);
    expect(waived).toEqual([]);
    expect(findings.map((finding) => finding.rule).sort()).toEqual(["pods/added-capabilities", rule].sort());
  });

  test("that is shipped with a component and not needed is no finding", () => {
    const shippedWaivers = [{ ...waiver, object: "DaemonSet/other/agent" }];
    expect(check(world(), { shippedWaivers }).findings).toEqual([]);
  });
});

describe("network policies", () => {
  const set = new ObjectSet(world());
  const pod = (id: string) => set.pods.find(({ object }) => object.id === id)!;

  test("deny on either side, and admit what both sides admit", () => {
    const [prometheus, web, worker] = [
      "Prometheus/observability/main",
      "Deployment/shop/web",
      "Deployment/shop/worker",
    ].map(pod);
    expect(deniedSide(set, prometheus!, web!, 9464)).toBeUndefined();
    expect(deniedSide(set, prometheus!, web!, 8080)).toBe("Egress");
    expect(deniedSide(set, web!, worker!, 9464)).toBe("Egress");
    expect(deniedSide(set, worker!, web!, 9464)).toBe("Egress");
  });
});

describe("configurations of other projects", () => {
  const map = (name: string, key: string, content: unknown) =>
    new KubernetesObject({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "shop" },
      data: { [key]: JSON.stringify(content) },
    });
  const found = (rule: string, ...more: readonly KubernetesObject[]) =>
    check([...world(), ...more], { rules: only(rule) }).findings.map(({ message }) => message);

  test("a part that is switched off calls nobody", () => {
    const loki = (enabled: boolean) =>
      map("loki", "config.yaml", {
        schema_config: {},
        bloom_build: { enabled, builder: { planner_address: "planner.shop.svc.cluster.local:9095" } },
      });
    expect(found("wiring/address-service", loki(false))).toEqual([]);
    expect(found("wiring/address-service", loki(true))).toHaveLength(1);
  });

  test("a dashboard's variable may hold a data source's name", () => {
    const sources = map("sources", "sources.yaml", { datasources: [{ name: "Prometheus", uid: "prometheus" }] });
    const dashboard = (value: string) =>
      map("board", "board.json", {
        title: "x",
        panels: [],
        templating: { list: [{ type: "datasource", current: { text: value, value } }] },
      });
    expect(found("wiring/data-source", sources, dashboard("Prometheus"))).toEqual([]);
    expect(found("wiring/data-source", sources, dashboard("Nowhere"))).toHaveLength(1);
  });
});

test("quantities, sizes and durations are read as Kubernetes, Go and Prometheus write them", () => {
  expect(["1Gi", "500m", "2", 3, "1e3", "1.5M", "x", "", null, "1GiB"].map(quantity)).toEqual([
    1024 ** 3,
    0.5,
    2,
    3,
    1000,
    1.5e6,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(["1GiB", "100MB", "512", "5 MiB"].map(bytes)).toEqual([1024 ** 3, 1e8, 512, 5 * 1024 ** 2]);
  expect(["1h30m", "15d", "0s", "0", "1.5s", "5", "", "1x"].map(duration)).toEqual([
    5400,
    1_296_000,
    0,
    0,
    1.5,
    undefined,
    undefined,
    undefined,
  ]);
});
