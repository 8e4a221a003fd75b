import { describe, expect, test } from "vitest";
import { workloads } from "../lib/sizing/index.ts";
import { cardinalityTiers } from "./cardinality.ts";
import { headroom } from "./headroom.ts";
import { readStackFile } from "./load.ts";
import { planNotes } from "./notes.ts";
import { planStack } from "./plan.ts";
import { prerequisites } from "./prerequisites.ts";
import { resolve } from "./resolve.ts";
import { objectsOf, renderStack } from "./stack.ts";

const stack = (config: object = {}) =>
  renderStack(
    resolve(
      {
        cluster: { name: "c", version: "1.35", networkPolicies: false, context: "c" },
        retention: "standard",
        scale: "small",
        components: { traces: { backend: "tempo" } },
        objectStorage: { kind: "s3", endpoint: "s3.example.com", region: "eu", identity: { role: "r" } },
        ...config,
      },
      { stack: "s" },
    ),
  );

describe("cardinality tiers", () => {
  test("are those of the data-flow description at 20 nodes and 600 pods", () => {
    const bySize = Object.fromEntries(cardinalityTiers(workloads.small).map(({ tier, series }) => [tier, series]));
    expect(bySize).toEqual({
      node: 100,
      service: 500,
      pod: expect.closeTo(5_000, -2),
      container: expect.closeTo(10_000, -2),
      application: expect.closeTo(100_000, -3),
      custom: expect.any(Number),
    });
  });

  test("add up to the workload's series, each under a limit", () => {
    for (const workload of Object.values(workloads)) {
      const tiers = cardinalityTiers(workload);
      expect(tiers.reduce((sum, { series }) => sum + series, 0)).toBe(workload.activeSeries);
      for (const { seriesPerObject, limit } of tiers) expect(limit.value).toBeGreaterThan(seriesPerObject);
    }
  });
});

test("headroom names the next step, and that step is real", () => {
  const { factor = 0, step } = headroom(stack({ scale: "medium" }));
  expect(factor).toBeGreaterThanOrEqual(1);
  expect(factor).toBeLessThanOrEqual(2);
  expect(step?.to).not.toBe(step?.from);
});

describe("notes", () => {
  test("say each scaling threshold that is crossed, with the option taken, and nothing below them", () => {
    const crossed = (config: object) => planNotes(stack(config)).filter((note) => note.includes("is above"));
    expect(crossed({ workload: { activeSeries: 100_000 }, retention: { profile: "standard", mimir: "1d" } })).toEqual(
      [],
    );
    const kafka = { address: "kafka.example.com:9092" };
    const large = crossed({ scale: "large", components: { traces: { backend: "tempo", kafka } } }).join("\n");
    expect(large).toContain("10 M active series is above 1 M");
    expect(large).toContain("samples/s is above");
    expect(large).toContain("shards");
  });

  test("say what the buckets of an archive need", () => {
    expect(planNotes(stack({ retention: "archive" })).join("\n")).toMatch(
      /kept for 2555d by its object lock.*access logging/s,
    );
    expect(planNotes(stack()).join("\n")).not.toContain("object lock");
  });

  test("say that nothing is denied without network policies, and what Calico's tunnels need", () => {
    const network = (cluster: object) =>
      planNotes(stack({ cluster: { name: "c", version: "1.35", context: "c", ...cluster } }))
        .filter((note) => /network pol|tunnelCidrs/.test(note))
        .map((note) => note.slice(0, 24));
    const cidrs = { nodeCidrs: ["10.1.0.0/16"], apiServerCidrs: ["10.2.0.0/24"] };
    expect(network({ networkPolicies: false })).toEqual(["no network policies are "]);
    expect(network({ networkEngine: "none" })).toEqual(["no network policies are "]);
    expect(network({ ...cidrs, networkEngine: "calico" })).toEqual(["Calico: with VXLAN or IP"]);
    expect(network({ ...cidrs, networkEngine: "calico", tunnelCidrs: ["192.168.0.0/16"] })).toEqual([]);
    expect(network({ networkEngine: "cilium" })).toEqual([]);
    expect(network(cidrs)).toEqual([]);
  });

  test("mention a missing dead man's switch, unless Alertmanager is managed elsewhere", () => {
    const notes = (config: object) => planNotes(stack(config)).filter((note) => note.includes("dead man's switch"));
    expect(notes({})).toHaveLength(1);
    expect(notes({ alerts: { deadMansSwitch: { secret: "alerts", key: "switch" } } })).toEqual([]);
    const external = { url: "http://alertmanager.example.com:9093" };
    expect(notes({ components: { alertmanager: { external } } })).toEqual([]);
    expect(notes({ components: { prometheus: { enabled: false } } })).toEqual([]);
  });

  test("list the kubelets' certificates that the cluster's CA has not signed, and who verifies them", () => {
    const kubelets = (platform: string, components: object = {}) =>
      planNotes(
        stack({ cluster: { name: "c", version: "1.35", context: "c", networkPolicies: false, platform }, components }),
      ).filter((note) => note.includes("kubelet"));
    const insecure = { kubeletInsecure: true };
    expect(kubelets("kubernetes")[0]).toMatch(/serverTLSBootstrap.*prometheus\.kubeletInsecure and .*otelAgent/);
    expect(kubelets("openshift")[0]).toMatch(/kubelet-serving-ca/);
    expect(kubelets("kubernetes", { otelAgent: insecure })[0]).not.toContain("otelAgent");
    expect(kubelets("kubernetes", { otelAgent: insecure, prometheus: insecure })).toEqual([]);
    expect(kubelets("eks")).toEqual([]);
  });

  test("mention that runbook links are paths unless their URL is set", () => {
    const receiver = {
      kind: "slack",
      name: "team",
      channel: "#alerts",
      webhookUrl: { secret: "alerts", key: "slack" },
    };
    const notes = (config: object) => planNotes(stack(config)).filter((note) => note.includes("runbook"));
    expect(notes({ alerts: { receivers: [receiver] } })).toHaveLength(1);
    expect(notes({})).toHaveLength(1);
    expect(notes({ alerts: { receivers: [receiver] }, runbooks: "https://runbooks.example.com" })).toEqual([]);
  });
});

test("a plan costs what the prices say", () => {
  const prices = { cpuCoreMonth: 10, memoryGiBMonth: 1, diskGiBMonth: 0.1, objectGiBMonth: 0 };
  const { cost, totals } = planStack(stack({ prices }));
  const expected = totals.cpuCores * 10 + totals.memoryBytes / 2 ** 30 + (totals.diskBytes / 2 ** 30) * 0.1;
  expect(cost?.month).toBeCloseTo(expected, 1);
  expect(planStack(stack()).cost).toBeUndefined();
});

test("an image that no registry has is a prerequisite, under the name that pods use", () => {
  const { raw } = readStackFile("stacks", "prod");
  const images = { registries: { "ghcr.io": "registry.example.com" } };
  const stack = resolve({ ...raw, images }, { stack: "prod" });
  const image = prerequisites(stack).find(({ what }) => what.startsWith("image "));
  expect(image?.what).toBe("image registry.example.com/skopos-dev/flow-agent:0.1.0");
  expect(JSON.stringify(objectsOf(renderStack(stack)))).toContain(image?.what.slice("image ".length));
});
