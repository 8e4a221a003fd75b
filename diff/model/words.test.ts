import { expect, test } from "vitest";
import { changedWords, wordsText } from "./words.ts";

const query =
  'sum by (cluster, namespace, job) (rate(cortex_request_duration_seconds_count{status_code=~"5..", route!~"ready"}[5m])) / sum by (cluster, namespace, job) (rate(cortex_request_duration_seconds_count{route!~"ready"}[5m])) > 0.01';

const shown = (before: string, after: string): string | undefined => {
  const words = changedWords(before, after);
  return words && wordsText(words);
};

test("a change in the middle of a long query is shown with what is around it", () => {
  expect(shown(query, query.replace("5..", "4.."))).toBe(
    '…nds_count{status_code=~"[-5-]{+4+}..", route!~"ready"}[5m]…',
  );
});

test("a change at the end of a long query is shown, however long it is", () => {
  expect(shown(query, query.replace("0.01", "0.05"))).toMatch(/^….*\[-01-\]\{\+05\+\}$/);
});

test("several changes are all shown", () => {
  const after = query.replaceAll("5m", "10m").replace("job", "pod");
  expect(shown(query, after)?.match(/\[-5m-\]\{\+10m\+\}/g)).toHaveLength(2);
  expect(shown(query, after)).toContain("[-job-]{+pod+}");
});

test("both versions can be put together again", () => {
  const after = `${query.replace("cluster", "region")} and on (job) up`;
  const words = changedWords(query, after)!;
  const side = (name: "before" | "after") =>
    words
      .filter((each) => each.in === "both" || each.in === name)
      .map(({ text }) => text)
      .join("");
  expect([side("before"), side("after")]).toEqual([query, after]);
});

test.each([
  ["short texts", "up == 0", "up == 1"],
  ["texts with nothing in common", query, "absent(up) ".repeat(20)],
  ["texts of too many words", "a ".repeat(5_000), "b ".repeat(5_000)],
])("%s are shown as they are", (_, before, after) => expect(changedWords(before, after)).toBeUndefined());
