import fc from "fast-check";
import { expect, test } from "vitest";
import { TimerWheel } from "./timer-wheel.ts";

const tickMs = 10;
const buckets = 8;
const capacity = 20;

const step = fc.oneof(
  fc.record({ set: fc.nat(capacity - 1), inMs: fc.integer({ min: -50, max: 300 }) }),
  fc.record({ remove: fc.nat(capacity - 1) }),
  fc.record({ passMs: fc.integer({ min: 0, max: 400 }) }),
);

test("each deadline comes up once, not before its time unless it is beyond the wheel, and not more than a tick late", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.nat(1_000_000), (steps, start) => {
      const wheel = new TimerWheel(capacity, tickMs, buckets);
      const expected = new Map<number, number>();
      let now = start;
      wheel.advance(now, () => expect.unreachable());
      for (const each of steps) {
        if ("set" in each) {
          wheel.set(each.set, now + each.inMs);
          // One that has passed comes up with the next tick.
          expected.set(each.set, now + Math.max(0, each.inMs));
        } else if ("remove" in each) {
          wheel.remove(each.remove);
          expected.delete(each.remove);
        } else {
          now += each.passMs;
          const due: number[] = [];
          wheel.advance(now, (index) => due.push(index));
          expect(new Set(due).size).toBe(due.length);
          for (const index of due) {
            const deadline = expected.get(index)!;
            expect(deadline).toBeDefined();
            // Beyond the wheel: set again, as the store does.
            if (deadline > now) wheel.set(index, deadline);
            else expected.delete(index);
          }
          for (const deadline of expected.values()) expect(deadline).toBeGreaterThan(now - 2 * tickMs);
        }
      }
      // Everything comes up in the end.
      for (let turn = 0; turn < 200 && expected.size > 0; turn++) {
        now += tickMs;
        wheel.advance(now, (index) => {
          const deadline = expected.get(index)!;
          if (deadline > now) wheel.set(index, deadline);
          else expected.delete(index);
        });
      }
      expect(expected.size).toBe(0);
    }),
  );
});
