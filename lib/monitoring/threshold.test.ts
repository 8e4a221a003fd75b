import { parser as logql } from "@grafana/lezer-logql";
import { parser as promql } from "@prometheus-io/lezer-promql";
import { describe, expect, test } from "vitest";
import { withThreshold } from "./threshold.ts";

describe("a threshold", () => {
  test.each([
    ["up{a='1'} > 5", "up{a='1'} > 7.5"],
    ["(sum(x) / 3 <= 24 * 3600)", "(sum(x) / 3 <= 7.5)"],
    ["x > bool -1", "x > bool 7.5"],
    ["a < 0.05 and on (b) c > 3", "a < 7.5 and on (b) c > 3"],
    ["(a > 1 unless b == 1) and c > 0", "(a > 7.5 unless b == 1) and c > 0"],
    ["a > 0 or b > 0 or c > 0", "a > 7.5 or b > 7.5 or c > 7.5"],
    ["min(time() - (x > 0)) > 4 * 3600", "min(time() - (x > 0)) > 7.5"],
  ])("replaces the number with which %s is compared", (query, changed) => {
    expect(withThreshold(query, 7.5, promql)).toBe(changed);
  });

  test.each([
    "up == 0",
    "absent(up == 1)",
    "a > b",
    "a > 0 or b > 1",
    "a > 0 or b == 1",
    "x < time() - 3600",
    "vector(1)",
  ])("is not found in %s", (query) => expect(withThreshold(query, 7.5, promql)).toBeUndefined());

  test("is found in LogQL, and not in its pipelines", () => {
    const rate = (rest: string) => `sum(rate({a="b"} | json | status > 499 [5m]))${rest}`;
    expect(withThreshold(rate(" > 0.5"), 7.5, logql)).toBe(rate(" > 7.5"));
    expect(withThreshold(`${rate(" > 0.5")} and ${rate(" > 3")}`, 7.5, logql)).toBe(
      `${rate(" > 7.5")} and ${rate(" > 3")}`,
    );
    expect(withThreshold(rate(""), 7.5, logql)).toBeUndefined();
  });
});
