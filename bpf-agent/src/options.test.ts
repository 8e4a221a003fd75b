import { expect, test } from "vitest";
import { parseRelease, requireKernel, UnsupportedHostError } from "./kernel.ts";
import { resolveOptions } from "./options.ts";

test("defaults", () => {
  const options = resolveOptions({});
  expect(options).toMatchObject({ capacity: 131_072, ringBytes: 4 << 20, include: ["*"], exclude: ["lo"], tcx: true });
  expect(options.constants).toMatchObject({
    vxlan_port: 4789,
    vxlan_port_also: 8472,
  });
});

test("what is off unless asked for has no object", () => {
  expect(resolveOptions({})).toMatchObject({ processes: "", drops: "", cgroup: "" });
  expect(resolveOptions({ processes: true, drops: true, cgroup: "/host/cgroup" })).toMatchObject({
    processes: expect.stringMatching(/dist\/process\.bpf\.o$/),
    drops: expect.stringMatching(/dist\/drops\.bpf\.o$/),
    cgroup: "/host/cgroup",
  });
});

test("the ring grows to a power of two, features become constants", () => {
  const { ringBytes, constants, handover } = resolveOptions({
    ringBytes: 5000,
    features: { dedup: false, keyByVni: true },
  });
  expect(ringBytes).toBe(8192);
  expect(constants).toMatchObject({ dedup: 0, key_by_vni: 1 });
  expect(handover).toBe(false);
});

test("one VXLAN port alone leaves no other", () => {
  expect(resolveOptions({ vxlanPorts: [5000] }).constants).toMatchObject({
    vxlan_port: 5000,
    vxlan_port_also: 5000,
  });
});

test("everything wrong is named at once", () => {
  const wrong = () => resolveOptions({ flows: 0, ringBytes: 17, drainMs: 1.5, vxlanPorts: [1, 2, 3] });
  for (const part of ["flows is 0", "ringBytes is 17", "drainMs is 1.5", "vxlanPorts"]) expect(wrong).toThrow(part);
});

test.each([
  ["6.1.0-18-amd64", [6, 1]],
  ["5.15.0-1051-gke", [5, 15]],
  ["nonsense", undefined],
])("release %s", (text, expected) => {
  expect(parseRelease(text)).toEqual(expected);
});

test("an old kernel and another system are refused with the reason and the way out", () => {
  expect(() => requireKernel("5.10.0-28-amd64", "linux")).toThrow(UnsupportedHostError);
  expect(() => requireKernel("5.10.0-28-amd64", "linux")).toThrow(/5\.14 or newer.*5\.10\.0-28-amd64.*nodeSelector/);
  expect(() => requireKernel("23.1.0", "darwin")).toThrow(/needs Linux/);
  for (const release of ["5.14.0", "6.6.1", "7.0.0", "unknown"])
    expect(() => requireKernel(release, "linux")).not.toThrow();
});
