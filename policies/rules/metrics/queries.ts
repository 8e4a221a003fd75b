import { z } from "zod";
import { evaluatedRule, ruleName } from "../../engine/evaluated-rules.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { duration } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { prometheuses } from "../../engine/scraping.ts";
import { fields } from "../../engine/values.ts";

const perSecond = new Set(["rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets"]);

const rateWindow = evaluatedRule(
  {
    id: "metrics/rate-window",
    title: "Rate windows span at least two scrapes",
    severity: "error",
    why: "A rate needs two samples. A window shorter than two scrape intervals often holds one, and the result has holes in which alerts resolve; after one failed scrape it is empty. https://prometheus.io/docs/prometheus/latest/querying/functions/#rate",
    remedy: "Use a window of four scrape intervals, `[2m]` for 30 s.",
    parameters: z.object({ scrapes: z.number().default(2).describe("Scrape intervals that a window has to span.") }),
  },
  function* (subject, { set: objects, parameters }) {
    if (subject.language === "logql") return;
    const interval = scrapeInterval(objects);
    for (const { range, function: name, metric } of subject.query.selectors) {
      if (range === undefined || name === undefined || !perSecond.has(name) || range >= parameters.scrapes * interval)
        continue;
      const path = [...subject.path, "expr"];
      yield {
        message: `${ruleName(subject)} takes ${name} of ${metric ?? "a selector"} over ${range} s, and it is scraped every ${interval} s`,
        path,
        fix: [
          set(
            path,
            subject.expr.replaceAll(/\[(\d+[smhd])\]/g, (whole, window: string) =>
              (duration(window) ?? Number.POSITIVE_INFINITY) < parameters.scrapes * interval
                ? `[${4 * interval}s]`
                : whole,
            ),
          ),
        ],
      };
      return;
    }
  },
);

/** Seconds between two scrapes: the general interval, not that of a monitor that asks less often. */
function scrapeInterval(objects: ObjectSet): number {
  const [first] = prometheuses(objects);
  return duration(first?.spec.scrapeInterval) ?? objects.facts.scrapeIntervalSeconds ?? 30;
}

const shardedRule = evaluatedRule(
  {
    id: "metrics/sharded-rule",
    title: "Rules that aggregate over targets are not evaluated by each shard",
    severity: "error",
    why: "Each shard holds a part of the targets. A sum over all of them is a different, smaller number on every shard: recordings are wrong and alerts compare a part with a limit for the whole.",
    remedy: "Evaluate the rule where all series are: in Mimir's or Thanos' ruler.",
    parameters: z.object({
      local: z
        .array(z.string())
        .default(["prometheus_.+", "alertmanager_.+", "up", "ALERTS"])
        .describe("Metrics, as patterns, of which each shard may judge its own part."),
    }),
  },
  function* (subject, { parameters }) {
    if (subject.shards < 2 || subject.language === "logql" || !subject.query.aggregates) return;
    const local = new RegExp(`^(?:${parameters.local.join("|")})$`);
    // What a shard says about itself it may say alone.
    if (subject.query.selectors.every(({ metric }) => metric !== undefined && local.test(metric))) return;
    const labels = Object.keys(fields(fields(subject.object.value.metadata).labels));
    yield {
      message: `${ruleName(subject)} aggregates what ${subject.shards} shards hold parts of, and each evaluates it alone`,
      path: [...subject.path, "expr"],
      fix: labels.map((label) => set(["metadata", "labels", label], undefined)),
    };
  },
);

/** Rules about queries of metrics. */
export const queryRules: readonly Rule[] = [rateWindow, shardedRule];
