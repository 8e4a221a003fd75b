import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildBpf } from "../build.ts";
import { generateLayout, layoutFile } from "../generate.ts";
import { attributeLayout, recordOffset, sizes } from "../src/layout.ts";
import type { FlowFeatures } from "../src/options.ts";
import { builtAddon, openLoaded } from "./harness.ts";

/** Instructions the verifier accepts at most in one program. */
const limit = 1_000_000;

const programs = [
  "flow_ingress",
  "flow_egress",
  "flow_ingress_l3",
  "flow_egress_l3",
  "flow_ingress_early",
  "flow_egress_early",
];

/** The kernel's own account of loaded programs: /proc/self/fdinfo of their descriptors. */
function infoOf(fd: number): { verified: number; jited: boolean } {
  const text = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return { verified: field("verified_insns"), jited: field("prog_jited") === 1 };
}

describe("the verifier accepts every program", () => {
  const cases: readonly [string, FlowFeatures][] = [
    ["default constants", {}],
    ["keyed by VNI", { keyByVni: true }],
    ["keyed by VLAN, with the socket's round trip", { keyByVlan: true, socketRtt: true }],
    [
      "everything off",
      { tcp: false, latency: false, dedup: false, tunnels: false, fragments: false, events: false, fastPath: false },
    ],
  ];
  test.each(cases)("%s", (name, features) => {
    using reader = openLoaded({ features });
    const descriptors = reader.descriptors();
    const verified = programs.map((program) => ({ program, ...infoOf(descriptors[program]!) }));
    console.log(
      `${name}: ${verified.map(({ program, verified }) => `${program} ${verified}`).join(", ")} instructions verified`,
    );
    for (const { verified: count, jited } of verified) {
      expect(count).toBeGreaterThan(100);
      expect(count).toBeLessThan(limit / 10);
      expect(jited).toBe(true);
    }
  });

  test("with a filter on every dimension", () => {
    using reader = openLoaded({
      filter: {
        cidrs: { allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] },
        ports: { deny: ["tcp/22"] },
        protocols: { allow: ["tcp"] },
        interfaces: { deny: [99] },
      },
    });
    expect(infoOf(reader.descriptors().flow_ingress!).verified).toBeLessThan(limit / 10);
  });
});

test("the layout in TypeScript is the one that the objects' BTF describes", () => {
  expect(readFileSync(layoutFile, "utf8")).toBe(generateLayout());
});

test("TypeScript and the addon agree on a record", () => {
  const { tickNs, ...layout } = builtAddon().layout();
  expect(layout).toEqual({
    record: sizes.record,
    "record.slot": recordOffset.slot,
    "record.flow": recordOffset.flow,
    attribute: attributeLayout.size,
    "attribute.value": attributeLayout.value,
  });
  expect(tickNs).toBeGreaterThan(0);
});

test("a program that the kernel refuses is an error with the verifier's own words", () => {
  buildBpf("test/refused.bpf.c", "dist/test/refused.bpf.o");
  const object = new URL("../dist/test/refused.bpf.o", import.meta.url).pathname;
  expect(() => openLoaded({ object })).toThrow(
    expect.objectContaining({ code: "LOAD_FAILED", message: expect.stringContaining("invalid access to packet") }),
  );
});
