import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Waiver } from "../../policies/engine/settings.ts";
import { comparePolicies } from "../policies.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-diff-policies-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with an ingester of some program as its charts render it. */
function ingesters(
  name: string,
  replicas: number,
  image = "docker.io/grafana/mimir:3.2.0",
  target = "ingester",
): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const containers = [{ name: "main", image, args: [`-target=${target}`, "-config.file=/etc/x.yaml"] }];
  const workload = (kind: string, more: object) => ({
    apiVersion: "apps/v1",
    kind,
    metadata: { name: kind.toLowerCase(), namespace: "n" },
    spec: { replicas, template: { spec: { containers } }, ...more },
  });
  const items = [workload("StatefulSet", { serviceName: "x" }), workload("Deployment", {})];
  writeFileSync(join(path, "all.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return path;
}

const side = (waivers: readonly Waiver[] = []) => ({ settings: {}, waivers, shippedWaivers: [], facts: {} });
const acknowledgement: Waiver = {
  rule: "availability/fewer-ring-members",
  object: "StatefulSet/n/statefulset",
  owner: "platform",
  reason: "The third member was flushed and left the ring.",
  expires: "2999-01-01",
};
const introduced = (before: string, after: string, waivers: readonly Waiver[] = []) =>
  comparePolicies(before, after, { before: side(), after: side(waivers) })
    .introduced.filter(({ rule }) => rule === "availability/fewer-ring-members" || rule.startsWith("waivers/"))
    .map(({ rule, object, message }) => `${rule} ${object}: ${message}`);

describe("ring members that leave", () => {
  const three = ingesters("three", 3);
  const two = ingesters("two", 2);

  test("are a finding about the StatefulSet, with what has to happen first", () => {
    expect(introduced(three, two)).toEqual([
      expect.stringMatching(
        /^availability\/fewer-ring-members StatefulSet\/n\/statefulset: 2 of 3 members are left: first call POST/,
      ),
    ]);
  });

  test("are accepted with an acknowledgement, which is not reported as unused later", () => {
    expect(introduced(three, two, [acknowledgement])).toEqual([]);
    expect(introduced(two, two, [acknowledgement])).toEqual([]);
    expect(introduced(three, two, [{ ...acknowledgement, expires: "2020-01-01" }]).length).toBe(2);
  });

  test("are noticed when the whole StatefulSet goes, or becomes another program", () => {
    const empty = join(folder, "other");
    mkdirSync(empty);
    writeFileSync(join(empty, "x.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: n}\n");
    expect(introduced(three, empty)).toEqual([expect.stringContaining("none of 3 members are left")]);
    expect(introduced(three, ingesters("querier", 3, undefined, "querier"))).toHaveLength(1);
  });

  test.each([
    ["more members", two, three, 0],
    ["as many", three, three, 0],
    [
      "Loki's write path",
      ingesters("l3", 3, "grafana/loki:3.7.8@sha256:0", "write"),
      ingesters("l2", 2, "grafana/loki:3.7.9", "write"),
      1,
    ],
    ["queriers", ingesters("q3", 3, undefined, "querier"), ingesters("q2", 2, undefined, "querier"), 0],
    ["another program", ingesters("n3", 3, "nginx:1"), ingesters("n2", 2, "nginx:1"), 0],
  ])("%s", (_, before, after, count) => {
    expect(introduced(before, after)).toHaveLength(count);
  });
});
