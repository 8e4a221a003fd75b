import fc from "fast-check";
import { expect, test } from "vitest";
import { addressBytes } from "../filter.ts";
import { AddressIndex, NONE } from "./address-index.ts";

const at = (index: AddressIndex, address: string, ms: number) => index.ownerAt(addressBytes(address), 0, ms);

test("an address that is used again belongs to each owner in its time", () => {
  const index = new AddressIndex();
  const address = addressBytes("10.0.0.1");
  index.open(address, 7, 1_000_000);
  index.close(address, 7, 2_000_000);
  // The status of a pod has whole seconds: it may say that it began before the other one ended.
  index.open(address, 8, 1_999_000);
  index.open(address, 9, 3_000_000);
  expect([1_000_000, 1_999_999, 2_000_000, 2_999_999, 3_000_000, 9e12].map((ms) => at(index, "10.0.0.1", ms))).toEqual([
    7, 7, 8, 8, 9, 9,
  ]);
});

test("an owner's clock may be a little behind, unless another one had the address then", () => {
  const index = new AddressIndex();
  index.open(addressBytes("10.0.0.1"), 1, 100_000);
  expect([94_000, 95_000, 100_000].map((ms) => at(index, "10.0.0.1", ms))).toEqual([NONE, 1, 1]);
  index.close(addressBytes("10.0.0.1"), 1, 200_000);
  expect(at(index, "10.0.0.1", 200_000)).toBe(NONE);
  index.open(addressBytes("10.0.0.1"), 2, 202_000);
  expect([199_999, 200_000].map((ms) => at(index, "10.0.0.1", ms))).toEqual([1, 2]);
});

test("owners are found whatever the order in which they were listed", () => {
  const index = new AddressIndex();
  const address = addressBytes("fd00::1");
  index.open(address, 3, 3_000_000);
  index.open(address, 1, 1_000_000);
  index.open(address, 2, 2_000_000);
  expect([1.5e6, 2.5e6, 3.5e6].map((ms) => at(index, "fd00::1", ms))).toEqual([1, 2, 3]);
  expect(index.has(address, 0, 2)).toBe(true);
  index.remove(address, 2);
  expect(index.has(address, 0, 2)).toBe(false);
  expect([1.5e6, 3.5e6].map((ms) => at(index, "fd00::1", ms))).toEqual([1, 3]);
});

const step = fc.record({
  address: fc.integer({ min: 0, max: 400 }),
  action: fc.constantFrom("open", "close", "remove"),
  owner: fc.integer({ min: 0, max: 3 }),
});

test("it agrees with a list of who had what, through growth and deletions", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500 }), (steps) => {
      const index = new AddressIndex();
      const model = new Map<string, { owner: number; from: number; until: number }[]>();
      for (const [n, { address, action, owner }] of steps.entries()) {
        const text = address % 2 ? `10.1.${address >> 8}.${address & 255}` : `fd00::${address.toString(16)}`;
        const bytes = addressBytes(text);
        const now = 10_000 * (n + 1);
        let all = model.get(text) ?? [];
        if (action === "open") {
          index.open(bytes, owner, now);
          const current = all.find(({ until }) => until === Number.POSITIVE_INFINITY);
          if (current?.owner !== owner) {
            if (current) current.until = now;
            all.push({ owner, from: now, until: Number.POSITIVE_INFINITY });
          }
        } else if (action === "close") {
          index.close(bytes, owner, now);
          for (const each of all) if (each.owner === owner) each.until = Math.min(each.until, now);
        } else {
          index.remove(bytes, owner);
          all = all.filter((each) => each.owner !== owner);
        }
        model.set(text, all);
      }
      for (const [text, all] of model)
        for (let ms = 5_000; ms <= 10_000 * (steps.length + 1); ms += 10_000) {
          const expected = all.find(({ from, until }) => ms >= from && ms < until)?.owner;
          const soon = all.find(({ from, until }) => ms >= from - 5_000 && ms < until)?.owner;
          expect(at(index, text, ms)).toBe(expected ?? soon ?? NONE);
        }
    }),
    { numRuns: 30 },
  );
});
