import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { duration } from "../engine/quantities.ts";

/** A label matcher. */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** A selector of series in a query. */
export interface Selector {
  readonly metric: string | undefined;
  readonly matchers: readonly Matcher[];
  /** Seconds of a range; undefined for an instant, or a Grafana macro. */
  readonly range: number | undefined;
  /** The function that it is an argument of. */
  readonly function: string | undefined;
}

/** Labels of a result: exactly these, or any but those. */
export interface LabelSet {
  readonly exact: boolean;
  readonly labels: ReadonlySet<string>;
}

const macros = /\$__(?:rate_interval|interval|range|auto)\b|\$\{?__(?:rate_interval|interval|range)[^}\s\]]*\}?/g;

/** A query that was read, also one with mistakes. */
export class Query {
  readonly text: string;
  readonly #source: string;
  readonly #top: SyntaxNode;
  /** Where it is no PromQL. */
  readonly error: string | undefined;

  constructor(text: string) {
    this.text = text;
    // A macro becomes a range of a minute in the same number of characters, so that places stay.
    this.#source = text.replaceAll(macros, (macro) => "1m".padEnd(macro.length));
    const tree = parser.parse(this.#source);
    this.#top = tree.topNode;
    let error: string | undefined;
    tree.iterate({
      enter: (node) => {
        if (node.type.isError && error === undefined)
          error = `at ${node.from}: ${text.slice(node.from, node.from + 20) || "(end)"}`;
      },
    });
    this.error = error;
  }

  #of(node: SyntaxNode | null | undefined): string {
    return node ? this.#source.slice(node.from, node.to) : "";
  }

  #all(name: string, from: SyntaxNode = this.#top): SyntaxNode[] {
    const found: SyntaxNode[] = [];
    from.cursor().iterate((node) => {
      if (node.name === name) found.push(node.node);
    });
    return found;
  }

  /** Every selector of series. */
  get selectors(): readonly Selector[] {
    return this.#all("VectorSelector").map((node) => {
      const range = node.parent?.name === "MatrixSelector" ? node.parent : undefined;
      const macro = range !== undefined && macros.test(this.text.slice(range.from, range.to));
      macros.lastIndex = 0;
      return {
        metric: this.#of(node.getChild("Identifier")) || undefined,
        matchers: this.#all("UnquotedLabelMatcher", node).map((matcher) => ({
          label: this.#of(matcher.getChild("LabelName")),
          operator: this.#of(matcher.getChild("MatchOp")),
          value: unquoted(this.#of(matcher.getChild("StringLiteral"))),
        })),
        range:
          range && !macro
            ? duration(
                this.#of(range.getChild("NumberDurationLiteralInDurationContext") ?? range.lastChild).replace(
                  /^.*\[|\].*$/g,
                  "",
                ),
              )
            : undefined,
        function: functionAround(range ?? node, (each) => this.#of(each)),
      };
    });
  }

  /** Names of the functions that are called. */
  get functions(): ReadonlySet<string> {
    return new Set(this.#all("FunctionIdentifier").map((node) => this.#of(node)));
  }

  /** Labels by which aggregations group, `by` only. */
  get groupings(): readonly string[] {
    return this.#all("AggregateModifier")
      .filter((node) => /^by\b/i.test(this.#of(node)))
      .flatMap((node) => this.#all("LabelName", node).map((label) => this.#of(label)));
  }

  /** Whether anything is aggregated over series. */
  get aggregates(): boolean {
    return this.#all("AggregateExpr").length > 0;
  }

  /** Labels that the result has, as far as the query says. */
  get labels(): LabelSet | undefined {
    const [expression] = children(this.#top);
    return expression && this.#labelsOf(expression);
  }

  /** Binary operations whose two sides cannot have the same labels, with what each side has. */
  get neverMatching(): readonly { readonly left: string; readonly right: string; readonly text: string }[] {
    return this.#all("BinaryExpr").flatMap((node) => {
      const operator = children(node).find((each) => operators.has(each.name));
      const [left, right] = children(node).filter((each) => expressions.has(each.name));
      if (!left || !right || operator?.name === "Or" || scalar(left) || scalar(right)) return [];
      const clause = node.getChild("MatchingModifierClause");
      const [a, b] = [this.#labelsOf(left), this.#labelsOf(right)];
      if (!a || !b) return [];
      const on = clause?.getChild("On") ? this.#clauseLabels(clause) : undefined;
      const ignored = clause?.getChild("Ignoring") ? this.#clauseLabels(clause) : [];
      if (!disjoint(a, b, on, ignored)) return [];
      return [{ left: show(a), right: show(b), text: this.#of(node) }];
    });
  }

  /** Labels of `on()` or `ignoring()`, those of `group_left()` left out. */
  #clauseLabels(clause: SyntaxNode): string[] {
    const [labels] = clause.getChildren("GroupingLabels");
    return labels ? this.#all("LabelName", labels).map((label) => this.#of(label)) : [];
  }

  #labelsOf(node: SyntaxNode): LabelSet | undefined {
    switch (node.name) {
      case "ParenExpr":
      case "StepInvariantExpr":
      case "OffsetExpr":
      case "UnaryExpr":
      case "SubqueryExpr":
      case "MatrixSelector": {
        const inner = children(node).find((each) => expressions.has(each.name));
        return inner && this.#labelsOf(inner);
      }
      case "AggregateExpr": {
        const modifier = node.getChild("AggregateModifier");
        const operation = this.#of(children(node)[0]);
        if (/^(topk|bottomk|limitk|limit_ratio)$/.test(operation)) {
          const body = node.getChild("FunctionCallBody");
          const inner =
            body &&
            children(body)
              .filter((each) => expressions.has(each.name))
              .at(-1);
          return inner ? this.#labelsOf(inner) : undefined;
        }
        if (!modifier) return { exact: true, labels: new Set() };
        const labels = new Set(this.#all("LabelName", modifier).map((label) => this.#of(label)));
        if (/^without\b/i.test(this.#of(modifier))) return { exact: false, labels: new Set([...labels, "__name__"]) };
        if (operation === "count_values") return undefined;
        return { exact: true, labels };
      }
      case "FunctionCall": {
        const name = this.#of(node.getChild("FunctionIdentifier"));
        const body = node.getChild("FunctionCallBody");
        const inner = body ? children(body).filter((each) => expressions.has(each.name)) : [];
        if (name === "label_replace" || name === "label_join") {
          const base = inner[0] && this.#labelsOf(inner[0]);
          const added = unquoted(this.#of(inner[1]));
          if (!base) return undefined;
          return base.exact
            ? { exact: true, labels: new Set([...base.labels, added]) }
            : { exact: false, labels: new Set([...base.labels].filter((label) => label !== added)) };
        }
        if (name === "vector" || name === "time" || name === "scalar") return { exact: true, labels: new Set() };
        if (name === "histogram_quantile") {
          const base = inner[1] && this.#labelsOf(inner[1]);
          return base?.exact
            ? { exact: true, labels: new Set([...base.labels].filter((label) => label !== "le")) }
            : base;
        }
        if (name === "absent" || name === "absent_over_time" || name === "info") return undefined;
        const argument = inner.find((each) => !scalar(each) && each.name !== "StringLiteral");
        return argument && this.#labelsOf(argument);
      }
      case "BinaryExpr":
        return this.#labelsOfBinary(node);
      case "VectorSelector":
        return { exact: false, labels: new Set() };
      default:
        return undefined;
    }
  }

  #labelsOfBinary(node: SyntaxNode): LabelSet | undefined {
    const operator = children(node).find((each) => operators.has(each.name));
    const [left, right] = children(node).filter((each) => expressions.has(each.name));
    if (!left || !right) return undefined;
    if (scalar(right)) return this.#labelsOf(left);
    if (scalar(left)) return this.#labelsOf(right);
    if (operator?.name === "Or") {
      const [a, b] = [this.#labelsOf(left), this.#labelsOf(right)];
      if (!a || !b) return undefined;
      if (a.exact && b.exact) return { exact: true, labels: new Set([...a.labels, ...b.labels]) };
      return { exact: false, labels: new Set() };
    }
    const clause = node.getChild("MatchingModifierClause");
    if (!clause || operator?.name === "And" || operator?.name === "Unless") return this.#labelsOf(left);
    if (clause.getChild("GroupRight")) return undefined;
    const base = this.#labelsOf(left);
    const added = clause.getChildren("GroupingLabels")[1];
    if (clause.getChild("GroupLeft")) {
      if (!base?.exact) return base;
      return {
        exact: true,
        labels: new Set([
          ...base.labels,
          ...(added ? this.#all("LabelName", added).map((label) => this.#of(label)) : []),
        ]),
      };
    }
    if (clause.getChild("On")) return { exact: true, labels: new Set(this.#clauseLabels(clause)) };
    return base;
  }
}

const expressions = new Set([
  "AggregateExpr",
  "BinaryExpr",
  "FunctionCall",
  "MatrixSelector",
  "NumberDurationLiteral",
  "OffsetExpr",
  "ParenExpr",
  "StringLiteral",
  "SubqueryExpr",
  "UnaryExpr",
  "VectorSelector",
  "StepInvariantExpr",
]);

const operators = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Mod",
  "Pow",
  "Atan2",
  "And",
  "Or",
  "Unless",
  "Eql",
  "EqlC",
  "Neq",
  "Lss",
  "Lte",
  "Gtr",
  "Gte",
]);

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}

/** Whether an expression is a number, which matches anything. */
function scalar(node: SyntaxNode): boolean {
  if (node.name === "NumberDurationLiteral") return true;
  if (node.name === "FunctionCall")
    return /^(Scalar|Time|Pi)$/.test(node.getChild("FunctionIdentifier")?.firstChild?.name ?? "");
  if (node.name === "ParenExpr" || node.name === "UnaryExpr")
    return children(node)
      .filter((each) => expressions.has(each.name))
      .every(scalar);
  if (node.name === "BinaryExpr")
    return children(node)
      .filter((each) => expressions.has(each.name))
      .every(scalar);
  return false;
}

/** Whether no series of one side can match one of the other. */
function disjoint(a: LabelSet, b: LabelSet, on: readonly string[] | undefined, ignored: readonly string[]): boolean {
  if (on) {
    // A label that one side certainly has not is empty there: it tells nothing apart, or nothing matches.
    return on.some((label) => [a, b].some(({ exact, labels }) => exact && !labels.has(label)));
  }
  if (!a.exact || !b.exact) return false;
  const rest = (set: LabelSet) =>
    [...set.labels]
      .filter((label) => !ignored.includes(label))
      .sort()
      .join(",");
  return rest(a) !== rest(b);
}

const show = ({ exact, labels }: LabelSet): string =>
  exact ? `{${[...labels].join(", ")}}` : `all but {${[...labels].join(", ")}}`;

function functionAround(node: SyntaxNode, text: (node: SyntaxNode | null) => string): string | undefined {
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.name === "FunctionCall") return text(parent.getChild("FunctionIdentifier"));
    if (
      parent.name !== "FunctionCallBody" &&
      parent.name !== "ParenExpr" &&
      parent.name !== "OffsetExpr" &&
      parent.name !== "StepInvariantExpr"
    )
      return undefined;
  }
  return undefined;
}

const unquoted = (literal: string): string => literal.slice(1, -1);
