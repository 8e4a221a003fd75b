import { type Fields, fields, isFields, items, labels, text, textEntries, texts } from "./values.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether labels contain all those of a plain map, as a Service's selector. An empty map selects nothing. */
export function mapSelects(selector: unknown, of: Labels): boolean {
  const wanted = textEntries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => of[key] === value);
}

/**
 * Whether a label selector matches, as the API defines it: an empty one matches everything, an absent one nothing.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function selects(selector: unknown, of: Labels): boolean {
  if (!isFields(selector)) return false;
  return (
    textEntries(selector.matchLabels).every(([key, value]) => of[key] === value) &&
    items(selector.matchExpressions).every(([, expression]) => expressionMatches(expression, of))
  );
}

function expressionMatches(expression: Fields, of: Labels): boolean {
  const key = text(expression.key) ?? "";
  const value = of[key];
  const values = texts(expression.values);
  switch (expression.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

/** The labels that a selector certainly asks for. */
export function wantedLabels(selector: unknown): Labels {
  return labels(fields(selector).matchLabels);
}
