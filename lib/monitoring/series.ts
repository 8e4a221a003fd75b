import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** Labels that a series can have. */
export interface SeriesLabels {
  /** Alternatives: none where there is no such series. */
  readonly sets: readonly (readonly string[])[];
  /** Whether it has all labels of its target too, as scraped series have. */
  readonly target: boolean;
}

/** Returns the labels of a series; undefined if they are not known. */
export type LabelSource = (series: string) => SeriesLabels | undefined;

/** Labels that Prometheus and the operator add to every series of a target, and external labels. */
export const targetLabels: ReadonlySet<string> = new Set(
  "__name__ cluster container endpoint instance job metrics_path namespace node pod prometheus prometheus_replica service".split(
    " ",
  ),
);

/** The labels of an expression's result. */
interface Labels {
  /** Alternatives, without target labels; undefined if they are not known. */
  readonly own: readonly ReadonlySet<string>[] | undefined;
  /** Whether they have all labels of their target. */
  readonly target: boolean;
  /** Whether it is a scalar, which has no labels and matches everything. */
  readonly scalar?: boolean;
}

const unknown: Labels = { own: undefined, target: true };
const scalar: Labels = { own: [new Set()], target: false, scalar: true };

/**
 * Errors in a well-formed query that no grammar finds: a matcher or grouping by a label that the series does not have,
 * operands that never match, and `or` between different series inside an aggregation, which drops series of the right side
 * that have the labels of the left side, and counts both if they differ.
 */
export function seriesErrors(query: string, source: LabelSource): string[] {
  const check = new Check(query, source);
  const root = parser.parse(query).topNode.firstChild;
  if (root) check.labels(root, false);
  return check.errors;
}

/** Names of the series in a well-formed query that the source does not know. */
export function unknownSeries(query: string, source: LabelSource): string[] {
  return [...new Set(selections(query).map(({ name }) => name))].filter((name) => source(name) === undefined);
}

/**
 * Selections in a well-formed query by which series of several programs are read as those of one: no matcher names the job, none a
 * label that only one of the programs has, and nothing is matched with the pods of one.
 *
 * @param programs returns the programs that expose a series with some labels
 */
export function ambiguousSelections(
  query: string,
  programs: (series: string, labels: readonly string[]) => readonly string[],
): string[] {
  return selections(query).flatMap(({ name, node }) => {
    const text = query.slice(node.from, node.to);
    const present = [...text.matchAll(/(\w+)(?:=~?"|!="")/g)].map(([, label = ""]) => label);
    const found = programs(
      name,
      present.filter((label) => !targetLabels.has(label)),
    );
    if (found.length < 2 || /\bjob(=|!=|=~|!~)"/.test(text) || isMatchedByPod(query, node)) return [];
    return [`${text} is exposed by ${found.join(", ")}: it needs a job`];
  });
}

const ofCounters = /^(rate|irate|increase|resets)$/;
const ofGauges = /^(delta|idelta|deriv|predict_linear)$/;

/**
 * Functions in a well-formed query that are applied to the wrong kind of series: the rate of a gauge, the slope of a counter.
 *
 * @param kind returns what a series is; undefined if it is not known
 */
export function kindErrors(query: string, kind: (series: string) => "counter" | "gauge" | undefined): string[] {
  return selections(query).flatMap(({ name, node }) => {
    let call = node.parent?.name === "MatrixSelector" ? node.parent.parent : null;
    while (call && call.name !== "FunctionCall") call = call.parent;
    const called = call?.getChild("FunctionIdentifier");
    const found = kind(name);
    if (!called || !found) return [];
    const applied = query.slice(called.from, called.to);
    const wrong = found === "counter" ? ofGauges : ofCounters;
    return wrong.test(applied) ? [`${applied} of ${name}, which is a ${found}`] : [];
  });
}

/** Whether an operand is matched with another by pod. */
function isMatchedByPod(query: string, operand: SyntaxNode): boolean {
  for (let node = operand.parent; node; node = node.parent) {
    const clause = node.getChild("MatchingModifierClause");
    if (clause?.getChild("On") && /\bpod\b/.test(query.slice(clause.from, clause.to))) return true;
  }
  return false;
}

/** Selections of series by name. */
export function selections(query: string): { readonly name: string; readonly node: SyntaxNode }[] {
  const found: { name: string; node: SyntaxNode }[] = [];
  parser.parse(query).iterate({
    enter: ({ name, node }) => {
      const selected = name === "VectorSelector" ? node.getChild("Identifier") : null;
      if (selected) found.push({ name: query.slice(selected.from, selected.to), node });
    },
  });
  return found;
}

/** Those of some labels, of a legend or an annotation, that the result of a query never has. */
export function absentLabels(query: string, labels: readonly string[], source: LabelSource): string[] {
  const root = parser.parse(query).topNode.firstChild;
  const { own, target } = root ? new Check(query, source).labels(root, false) : unknown;
  if (!own) return [];
  return labels.filter((label) => !(target && targetLabels.has(label)) && !own.some((set) => set.has(label)));
}

/** The labels of a query's result, for a recording rule; undefined if they are not known. */
export function resultLabels(query: string, source: LabelSource): SeriesLabels | undefined {
  const root = parser.parse(query).topNode.firstChild;
  const { own, target } = root ? new Check(query, source).labels(root, false) : unknown;
  return own && { sets: own.map((set) => [...set]), target };
}

/** Names of series and their matchers in a query. */
class Check {
  readonly errors: string[] = [];
  readonly #query: string;
  readonly #source: LabelSource;

  constructor(query: string, source: LabelSource) {
    this.#query = query;
    this.#source = source;
  }

  /** @param aggregated whether an aggregation reads the result */
  labels(node: SyntaxNode, aggregated: boolean): Labels {
    switch (node.name) {
      case "VectorSelector":
        return this.#selector(node);
      case "AggregateExpr":
        return this.#aggregation(node);
      case "BinaryExpr":
        return this.#binary(node, aggregated);
      case "FunctionCall":
        return this.#call(node, aggregated);
      case "NumberDurationLiteral":
      case "StringLiteral":
        return scalar;
      default: {
        const inner = children(node).find(isExpression);
        return inner ? this.labels(inner, aggregated) : unknown;
      }
    }
  }

  #text(node: SyntaxNode): string {
    return this.#query.slice(node.from, node.to);
  }

  #selector(node: SyntaxNode): Labels {
    const name = node.getChild("Identifier");
    const known = name && this.#source(this.#text(name));
    const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
    if (!name || !known) return unknown;
    const { sets, target } = known;
    if (sets.length === 0) {
      this.errors.push(`${this.#text(name)}: no such series`);
      return unknown;
    }
    for (const matcher of matchers) {
      const label = this.#text(matcher.getChild("LabelName") as SyntaxNode);
      if (!(target && targetLabels.has(label)) && !sets.some((set) => set.includes(label)))
        this.errors.push(
          `${this.#text(name)} has no label ${label}: it has ${sets.map((set) => set.join(", ")).join(" or ") || "none"}`,
        );
    }
    return { own: sets.map((set) => new Set(set.filter((label) => !target || !targetLabels.has(label)))), target };
  }

  /** Names of the series in an expression. */
  #series(node: SyntaxNode): string {
    const names = new Set<string>();
    node.cursor().iterate((each) => {
      if (each.name === "Identifier") names.add(this.#query.slice(each.from, each.to));
    });
    return [...names].sort().join();
  }

  #grouping(node: SyntaxNode | null): string[] {
    return (node?.getChildren("LabelName") ?? []).map((label) => this.#text(label));
  }

  #aggregation(node: SyntaxNode): Labels {
    const body = node.getChild("FunctionCallBody");
    const argument = body && children(body).filter(isExpression).at(-1);
    const of = argument ? this.labels(argument, true) : unknown;
    const operator = this.#text(node.getChild("AggregateOp") as SyntaxNode);
    if (/^(topk|bottomk|limitk|limit_ratio)$/.test(operator)) return of;
    const modifier = node.getChild("AggregateModifier");
    const names = this.#grouping(modifier?.getChild("GroupingLabels") ?? null);
    if (modifier?.getChild("Without")) {
      const own = of.own?.map((set) => new Set([...set].filter((label) => !names.includes(label))));
      return { own, target: of.target };
    }
    for (const name of names) this.#mustHave(of, name, `${operator} by`);
    const counted = operator === "count_values" ? body?.getChild("StringLiteral") : null;
    return { own: [new Set([...names, ...(counted ? [this.#text(counted).slice(1, -1)] : [])])], target: false };
  }

  /** A label that no alternative of an operand has. */
  #mustHave({ own, target, scalar }: Labels, label: string, where: string): void {
    if (!own || scalar || own.some((set) => set.has(label)) || (target && targetLabels.has(label))) return;
    this.errors.push(`${where} (${label}): its operand has no such label`);
  }

  #call(node: SyntaxNode, aggregated: boolean): Labels {
    const name = this.#text(node.getChild("FunctionIdentifier") as SyntaxNode);
    const body = node.getChild("FunctionCallBody");
    const given = (body ? children(body).filter(isExpression) : []).map(
      (each) => [each, this.labels(each, aggregated)] as const,
    );
    const of = given.find(([, labels]) => !labels.scalar)?.[1];
    if (name === "vector" || name === "time" || name === "scalar" || name === "pi") return scalar;
    if (name === "absent" || name === "absent_over_time" || !of) return unknown;
    if (name === "label_replace" || name === "label_join") {
      const [label] = given
        .filter(([each]) => each.name === "StringLiteral")
        .map(([each]) => this.#text(each).slice(1, -1));
      return { own: of.own?.map((set) => new Set([...set, ...(label ? [label] : [])])), target: of.target };
    }
    const gone = name === "histogram_quantile" ? "le" : undefined;
    return { own: of.own?.map((set) => new Set([...set].filter((label) => label !== gone))), target: of.target };
  }

  #binary(node: SyntaxNode, aggregated: boolean): Labels {
    const operands = children(node).filter(isExpression);
    const [left = unknown, right = unknown] = operands.map((each) => this.labels(each, aggregated));
    if (left.scalar || right.scalar) return left.scalar ? right : left;
    if (node.getChild("Or")) {
      const [first, second] = operands.map((each) => this.#series(each));
      if (aggregated && first !== second)
        this.errors.push(
          `"or" inside an aggregation: it hides series of its right side or counts both: ${this.#text(node)}`,
        );
      return left.own && right.own && left.target === right.target
        ? { own: [...left.own, ...right.own], target: left.target }
        : unknown;
    }
    const clause = node.getChild("MatchingModifierClause");
    const [first, extra] = clause?.getChildren("GroupingLabels") ?? [];
    const names = this.#grouping(clause?.getChild("On") || clause?.getChild("Ignoring") ? (first ?? null) : null);
    if (clause?.getChild("On")) {
      for (const name of names) for (const side of [left, right]) this.#mustHave(side, name, "on");
    } else if (!canMatch(left, right, new Set(names))) {
      this.errors.push(`its sides can never match: ${shown(left)} against ${shown(right)}: ${this.#text(node)}`);
    }
    if (clause?.getChild("GroupRight")) return with_(right, this.#grouping(extra ?? null));
    if (clause?.getChild("GroupLeft")) return with_(left, this.#grouping(extra ?? null));
    if (node.getChild("And") || node.getChild("Unless") || !clause) return left;
    // https://github.com/prometheus/prometheus/blob/v3.15.0/promql/engine.go, resultMetric
    if (clause.getChild("On")) return { own: [new Set(names)], target: false };
    return { ...left, own: left.own?.map((set) => new Set([...set].filter((label) => !names.includes(label)))) };
  }
}

const with_ = (labels: Labels, names: readonly string[]): Labels => ({
  ...labels,
  own: labels.own?.map((set) => new Set([...set, ...names])),
});

/** Whether some alternatives of both sides have the same labels, except for ignored ones. */
function canMatch(left: Labels, right: Labels, ignored: ReadonlySet<string>): boolean {
  if (!left.own || !right.own) return true;
  const keys = (side: Labels) =>
    (side.own ?? []).map((set) =>
      [...set]
        .filter((label) => !ignored.has(label))
        .sort()
        .join(),
    );
  // Target labels that one side was grouped by never equal the full target labels of the other side.
  if (left.target !== right.target) return false;
  const others = new Set(keys(right));
  return keys(left).some((key) => others.has(key));
}

const shown = ({ own, target }: Labels): string =>
  `(${[...(own?.map((set) => [...set].join(", ")).join(" | ") ? [own.map((set) => [...set].join(", ")).join(" | ")] : []), ...(target ? ["labels of the target"] : [])].join("; ")})`;

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}

const expressions = new Set(
  "AggregateExpr BinaryExpr FunctionCall MatrixSelector NumberDurationLiteral OffsetExpr ParenExpr StepInvariantExpr StringLiteral SubqueryExpr UnaryExpr VectorSelector".split(
    " ",
  ),
);

const isExpression = (node: SyntaxNode): boolean => expressions.has(node.name);
