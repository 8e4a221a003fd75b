import type { z } from "zod";
import { logqlError } from "../languages/logql.ts";
import { Query } from "../languages/promql.ts";
import type { EmbeddedDocument } from "./documents.ts";
import { documentObjects } from "./kinds-of-rules.ts";
import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import { duration } from "./quantities.ts";
import { type Context, decided, type Problem, type Rule, type RuleFacts, rule, type Undecided } from "./rule.ts";
import { finds } from "./scraping.ts";
import { type Fields, items, number, type Path, text } from "./values.ts";

/** An alerting or recording rule, with what evaluates it. */
export interface EvaluatedRule {
  readonly object: KubernetesObject;
  readonly fields: Fields;
  readonly path: Path;
  readonly alert: string | undefined;
  readonly record: string | undefined;
  readonly expr: string;
  readonly language: "promql" | "logql";
  readonly query: Query;
  /** The Prometheus that evaluates it; undefined for a ruler. */
  readonly prometheus: KubernetesObject | undefined;
  /** Seconds between two evaluations. */
  readonly interval: number;
  /** Prometheus processes that hold a part of the series each. */
  readonly shards: number;
}

/** Every rule of a set. */
export function evaluatedRules(set: ObjectSet): readonly EvaluatedRule[] {
  return set.once("rules", () =>
    documentObjects({ set }).flatMap((object) =>
      object.kind === "OpenTelemetryCollector"
        ? []
        : set
            .documents(object)
            .filter(({ format }) => format === "rules")
            .flatMap((document) => rulesIn(set, document)),
    ),
  );
}

function rulesIn(set: ObjectSet, document: EmbeddedDocument): EvaluatedRule[] {
  const { object } = document;
  const prometheus =
    object.kind === "PrometheusRule"
      ? set.ofKind("Prometheus").find((each) => finds(set, each, "rule", object))
      : undefined;
  return items(document.value.groups).flatMap(([group, fields]) =>
    items(fields.rules).flatMap(([index, each]) => {
      const expr = text(each.expr) ?? (typeof each.expr === "number" ? String(each.expr) : undefined);
      if (expr === undefined) return [];
      const query = new Query(expr);
      return [
        {
          object,
          fields: each,
          path: [...document.path, "groups", group, "rules", index],
          alert: text(each.alert),
          record: text(each.record),
          expr,
          language:
            query.error !== undefined && logqlError(expr) === undefined ? ("logql" as const) : ("promql" as const),
          query,
          prometheus,
          interval:
            duration(fields.interval) ?? duration(prometheus?.spec.evaluationInterval) ?? (prometheus ? 30 : 60),
          shards: number(prometheus?.spec.shards) ?? 1,
        },
      ];
    }),
  );
}

/** A policy over each alerting and recording rule. */
export function evaluatedRule<P extends z.ZodObject>(
  facts: RuleFacts<P>,
  check: (subject: EvaluatedRule, context: Context<z.output<P>>) => Iterable<Problem | Undecided>,
): Rule {
  return rule<P>(facts, (context) =>
    [...Map.groupBy(evaluatedRules(context.set), ({ object }) => object)].map(([object, rules]) => ({
      object,
      check: () =>
        decided(function* () {
          for (const each of rules) yield* decided(() => check(each, context));
        }),
    })),
  );
}

/** Name of a rule, for messages. */
export const ruleName = ({ alert, record }: EvaluatedRule): string => alert ?? record ?? "a rule";
