import { describe, expect, test } from "vitest";
import { checkStack } from "../../cli/policy-check.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { variants } from "./variants.ts";

/** Findings about variants that no stack file waives, and why they are there. */
const known: readonly (readonly [finding: RegExp, reason: string])[] = [
  [/^availability\/single-replica Prometheus/, "small stacks have one Prometheus"],
];

describe.each(variants)("$name", ({ render }) => {
  test("breaks no policy but those that are waived or known", () => {
    const { findings, skipped, rules } = checkStack(render());
    // A waiver that one variant needs may be of no use to another.
    const wrong = findings
      .filter(
        ({ severity, outcome, rule }) => (severity !== "info" || outcome === "crashed") && rule !== "waivers/unused",
      )
      .map(({ rule, object, message }) => `${rule} ${object?.id}: ${message}`)
      .filter((finding) => !known.some(([pattern]) => pattern.test(finding)));
    expect(wrong).toEqual([]);
    // Compares two states: `skopos diff` evaluates it.
    expect(skipped.map(({ rule }) => rule)).toEqual(["availability/fewer-ring-members"]);
    expect(rules).toBeGreaterThan(100);
  });
});

describe("with Cilium", () => {
  const { raw } = readStackFile("stacks", "prod");
  const { cluster } = raw as { cluster: object };
  const resolved = resolve({ ...raw, cluster: { ...cluster, networkEngine: "cilium" } }, { stack: "prod" });
  const stack = renderStack(resolved);
  const errors = () =>
    checkStack(stack)
      .findings.filter(({ severity }) => severity === "error")
      .map(({ rule, object }) => `${rule} ${object?.kind}`);

  test("prod breaks no policy, and one that no longer admits a connection is found", () => {
    expect(errors()).toEqual([]);
    const policy = objectsOf(stack).find(
      ({ object: { kind, metadata } }) => kind === "CiliumNetworkPolicy" && metadata?.name === "otel-gateway",
    );
    expect(policy).toBeDefined();
    const chart = stack.charts.find(({ component }) => component === "network-policies");
    chart?.node.tryRemoveChild("CiliumNetworkPolicy-otel-gateway");
    expect(errors()).toContain("wiring/scrape-admitted ServiceMonitor");
    expect(errors()).toContain("wiring/address-admitted ConfigMap");
  });
});
