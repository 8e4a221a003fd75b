import { expect, test } from "vitest";
import { messageHops } from "./message-limits.ts";

test.each(messageHops)("$to accepts $largest from $from", ({ largestBytes, limitBytes }) => {
  expect(largestBytes).toBeLessThanOrEqual(limitBytes);
});
