import { expect, test } from "vitest";
import { addressBytes, encodeFilter, replaceFilter } from "./filter.ts";
import { formatAddress } from "./flow-view.ts";

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["::", "::"],
  ["::1", "::1"],
  ["fd00::1", "fd00::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["::ffff:192.0.2.33", "192.0.2.33"],
])("address %s reads back as %s", (given, text) => {
  expect(formatAddress(addressBytes(given))).toBe(text);
});

test("prefixes, ports and protocols are encoded as the kernel program looks them up", () => {
  const { rules, allow, entries } = encodeFilter({
    cidrs: { allow: ["10.0.0.0/8"], deny: ["fd00::/8"] },
    ports: { deny: ["tcp/22", "53"] },
    protocols: { allow: ["udp", 132] },
  });
  expect([rules, allow]).toEqual([7, 5]);
  expect(entries.map(([map, key, value]) => [map, Buffer.from(key).toString("hex"), value![0]])).toEqual([
    ["filter_cidrs", "68000000" + "00000000000000000000ffff0a000000", 1],
    ["filter_cidrs", "08000000" + "fd000000000000000000000000000000", 2],
    ["filter_ports", "16000600", 2],
    ["filter_ports", "35000000", 2],
    ["filter_protocols", "11000000", 1],
    ["filter_protocols", "84000000", 1],
  ]);
});

test("an empty allow list lets nothing pass, an empty deny list everything", () => {
  expect(encodeFilter({ protocols: { allow: [] } })).toMatchObject({ rules: 4, allow: 4 });
  expect(encodeFilter({ protocols: { deny: [] } })).toMatchObject({ rules: 0, allow: 0 });
});

test("a filter in the place of another takes out what only the old one had, and switches last", () => {
  const before = encodeFilter({ ports: { deny: ["22", "53"] }, protocols: { allow: ["tcp"] } });
  const next = encodeFilter({ ports: { allow: ["53"] } });
  const entries = replaceFilter(before, next, 7).map(([map, key, value]) => [map, key[0], value && [...value]]);
  expect(entries).toEqual([
    ["filter_ports", 22, undefined],
    ["filter_protocols", 6, [0]],
    ["filter_ports", 53, [1]],
    ["filter_state", 0, [...new Uint8Array(Uint32Array.of(2, 2, 7, 0).buffer)]],
  ]);
});

test("everything wrong is named at once", () => {
  const wrong = () =>
    encodeFilter({
      cidrs: { allow: ["10.0.0/8", "10.0.0.0/33"] },
      ports: { deny: ["70000"] },
      protocols: { deny: ["tpc"] },
    });
  for (const part of ['"10.0.0/8"', '"10.0.0.0/33"', '"70000"', '"tpc"']) expect(wrong).toThrow(part);
});
