import { expect, test } from "vitest";
import { retentionProfiles, seconds, workloads } from "../../../lib/sizing/index.ts";
import { estimatePrometheus, scalingTriggers } from "../index.ts";

test("1,000 series every 10 s for 15 d: 130 M samples, 130 to 260 MB, a scrape of 10 to 50 KB, 86 MB a day", () => {
  const estimate = estimatePrometheus({ activeSeries: 1000, scrapeIntervalSeconds: 10 }, seconds("15d"));
  expect(estimate).toEqual({
    samplesPerSecond: 100,
    samples: 129_600_000,
    storedBytes: { low: 129_600_000, high: 259_200_000 },
    scrapeBytes: { low: 10_000, high: 50_000 },
    wireBytesPerDay: 86_400_000,
  });
});

const one = { shards: 1, replicas: 1, retentionSeconds: seconds("15d"), longTerm: false };

test("a thousand series exceed no threshold", () => {
  const small = { ...workloads.small, activeSeries: 1000 };
  expect(scalingTriggers(small, seconds("15d"), one)).toEqual([]);
});

test.each([
  [{ activeSeries: 1_000_001, scrapeIntervalSeconds: 1000 }, "1h", ["activeSeries"]],
  [{ activeSeries: 1_000_000, scrapeIntervalSeconds: 1000 }, "1h", []],
  [{ activeSeries: 10_001, scrapeIntervalSeconds: 1 }, "1h", ["samplesPerSecond"]],
  [{ activeSeries: 10_000, scrapeIntervalSeconds: 1 }, "1h", []],
  // 5,000 samples/s for 10,000,000 s at 2 B are 100 GB.
  [{ activeSeries: 150_000, scrapeIntervalSeconds: 30 }, "10000001s", ["storedBytes"]],
  [{ activeSeries: 150_000, scrapeIntervalSeconds: 30 }, "10000000s", []],
] as const)("%j for %s crosses %j", (change, retention, crossed) => {
  const found = scalingTriggers({ ...workloads.small, ...change }, seconds(retention), one);
  expect(found.map(({ metric }) => metric)).toEqual(crossed);
});

test("the text names the exceeded threshold and how the stack scales", () => {
  const { mimir } = retentionProfiles.standard;
  const sharded = { shards: 4, replicas: 2, retentionSeconds: seconds("24h"), longTerm: true };
  const texts = scalingTriggers(workloads.large, mimir, sharded).map(({ text }) => text);
  expect(texts).toHaveLength(3);
  expect(texts[0]).toBe(
    "10 M active series is above 1 M active series: 4 shards with 2 replicas each keep 1d locally, Mimir answers queries and evaluates rules",
  );
  expect(texts[2]).toMatch(/^\d+ GB for 90d is above 100 GB for 90d: /);
  expect(scalingTriggers(workloads.large, mimir, one)[0]?.text).toContain(
    "with a remote write endpoint (Mimir) it can be sharded",
  );
});
