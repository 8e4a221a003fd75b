import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scrapeText } from "../../test/scrape.ts";
import { Registry } from "../registry/registry.ts";
import { formatFor } from "./negotiate.ts";
import { Renderer } from "./renderer.ts";

const quiet = { ownMetrics: false, now: () => 1_700_000_000_000 } as const;

describe("exposition of every type", () => {
  const everything = () => {
    const registry = new Registry(quiet);
    registry
      .metric({ name: "jobs_total", type: "counter", help: 'Jobs "done"\nper \\.', labels: { kind: "any" } })
      .inc({ kind: 'a"b\\c\nd' }, 3);
    registry.metric({ name: "queue_length", type: "gauge", help: "Waiting." }).set(-1.5);
    const histogram = registry.metric({
      name: "wait_seconds",
      type: "histogram",
      help: "Waits.",
      unit: "seconds",
      buckets: [1, 2.5],
    });
    for (const value of [0.5, 1, 2, 99]) histogram.observe(value);
    const native = registry.metric({
      name: "size_bytes",
      type: "exponential_histogram",
      help: "Sizes.",
      unit: "bytes",
    });
    for (const value of [0, 1, 2, 4, -8]) native.observe(value);
    const summary = registry.metric({
      name: "delay_seconds",
      type: "summary",
      help: "Delays.",
      quantiles: [0, 0.5, 1],
    });
    for (const value of [3, 1, 2]) summary.observe(value);
    registry
      .metric({ name: "build_info", type: "info", help: "Build.", labels: { version: "any" } })
      .set({ version: "1.2" });
    registry.metric({ name: "phase", type: "stateset", help: "Phase.", states: ["starting", "ready"] }).set("ready");
    return registry;
  };

  it("is the text format 0.0.4", async () => {
    expect(await scrapeText(everything())).toMatchInlineSnapshot(`
      "# HELP build_info Build.
      # TYPE build_info gauge
      build_info{version="1.2"} 1
      # HELP delay_seconds Delays.
      # TYPE delay_seconds summary
      delay_seconds{quantile="0"} 1
      delay_seconds{quantile="0.5"} 2
      delay_seconds{quantile="1"} 3
      delay_seconds_sum 6
      delay_seconds_count 3
      # HELP jobs_total Jobs "done"\\nper \\\\.
      # TYPE jobs_total counter
      jobs_total{kind="a\\"b\\\\c\\nd"} 3
      # HELP phase Phase.
      # TYPE phase gauge
      phase{phase="starting"} 0
      phase{phase="ready"} 1
      # HELP queue_length Waiting.
      # TYPE queue_length gauge
      queue_length -1.5
      # HELP size_bytes Sizes.
      # TYPE size_bytes histogram
      size_bytes_bucket{le="+Inf"} 5
      size_bytes_sum -1
      size_bytes_count 5
      # HELP wait_seconds Waits.
      # TYPE wait_seconds histogram
      wait_seconds_bucket{le="1"} 2
      wait_seconds_bucket{le="2.5"} 3
      wait_seconds_bucket{le="+Inf"} 4
      wait_seconds_sum 102.5
      wait_seconds_count 4
      "
    `);
  });

  it("is OpenMetrics 1.0, with created timestamps", async () => {
    expect(await scrapeText(everything(), formatFor("openmetrics"))).toMatchInlineSnapshot(`
      "# TYPE build info
      # HELP build Build.
      build_info{version="1.2"} 1
      # TYPE delay_seconds summary
      # HELP delay_seconds Delays.
      delay_seconds{quantile="0.0"} 1
      delay_seconds{quantile="0.5"} 2
      delay_seconds{quantile="1.0"} 3
      delay_seconds_sum 6
      delay_seconds_count 3
      delay_seconds_created 1700000000
      # TYPE jobs counter
      # HELP jobs Jobs \\"done\\"\\nper \\\\.
      jobs_total{kind="a\\"b\\\\c\\nd"} 3
      jobs_created{kind="a\\"b\\\\c\\nd"} 1700000000
      # TYPE phase stateset
      # HELP phase Phase.
      phase{phase="starting"} 0
      phase{phase="ready"} 1
      # TYPE queue_length gauge
      # HELP queue_length Waiting.
      queue_length -1.5
      # TYPE size_bytes histogram
      # UNIT size_bytes bytes
      # HELP size_bytes Sizes.
      size_bytes_bucket{le="+Inf"} 5
      size_bytes_sum -1
      size_bytes_count 5
      size_bytes_created 1700000000
      # TYPE wait_seconds histogram
      # UNIT wait_seconds seconds
      # HELP wait_seconds Waits.
      wait_seconds_bucket{le="1.0"} 2
      wait_seconds_bucket{le="2.5"} 3
      wait_seconds_bucket{le="+Inf"} 4
      wait_seconds_sum 102.5
      wait_seconds_count 4
      wait_seconds_created 1700000000
      # EOF
      "
    `);
  });

  it("says the same after numbers changed length, as a fresh rendering", () => {
    const registry = new Registry(quiet);
    const counter = registry.metric({ name: "n_total", type: "counter", help: "N.", labels: { i: "any" } });
    const gauge = registry.metric({ name: "g", type: "gauge", help: "G.", labels: { i: "any" } });
    const renderer = new Renderer(registry);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.double(), fc.nat(1e12))), (changes) => {
        for (const [i, value, add] of changes) {
          gauge.set({ i }, value);
          counter.inc({ i }, add);
        }
        const text = renderer.render(formatFor("text")).toString();
        expect(text).toBe(new Renderer(registry).render(formatFor("text")).toString());
      }),
      { numRuns: 60 },
    );
  });
});
