import { parser } from "@grafana/lezer-logql";
import { syntaxTree } from "../../lib/monitoring/grammar.ts";
import type { LokiProps } from "./props.ts";

type Retention = Required<Pick<LokiProps, "retention" | "streamRetention">>;

/** Longest retention of any log line, in seconds. */
export const longestRetention = ({ retention, streamRetention }: Retention): number =>
  Math.max(retention.loki, ...streamRetention.map((stream) => stream.retention));

/** `max_query_length` in seconds. Loki's default of 30 d 1 h is shorter than most retentions. */
export const maxQueryLength = (retention: number): number => retention + 3600;

/** Seconds in the units of LogQL that can make a range too long. @see https://grafana.com/docs/loki/v3.7.x/query/ */
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** The ranges of a query, such as `[5m]`, in seconds. */
export function rangesOf(query: string): readonly { readonly text: string; readonly seconds: number }[] {
  const ranges: { text: string; seconds: number }[] = [];
  syntaxTree(parser, query).iterate({
    enter: ({ name, from, to }) => {
      if (name !== "Range") return;
      const text = query.slice(from, to);
      const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)];
      ranges.push({
        text,
        seconds: parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0),
      });
    },
  });
  return ranges;
}
