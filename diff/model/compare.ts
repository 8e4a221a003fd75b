import { embeddedFormat, type Format, parseEmbedded } from "./embedded.ts";
import { listIdentity } from "./list-keys.ts";
import { type Fields, isFields, same } from "./object.ts";
import { isQueryField, sameQuery } from "./queries.ts";

/** One step from a value to a value inside it. */
export type Step =
  | { readonly kind: "field"; readonly name: string }
  /** An item of a list, recognised by what identifies it. */
  | { readonly kind: "item"; readonly key: string }
  /** Into a document that is embedded as text. */
  | { readonly kind: "document"; readonly format: Format };

/** One difference inside an object. */
export interface FieldChange {
  readonly path: readonly Step[];
  /** `reordered`: the same items in another order, where the order counts. */
  readonly kind: "added" | "removed" | "changed" | "reordered";
  readonly before?: unknown;
  readonly after?: unknown;
}

/** All differences between two values. */
export interface Comparison {
  readonly changes: readonly FieldChange[];
  /** Texts that differ in white space, comments or the order of keys, and mean the same. */
  readonly formattingOnly: number;
}

/** Deepest nesting that is compared field by field; below it, values are compared as a whole. */
const deepest = 100;

/** Compares two values of any shape, into the documents that they carry as text. */
export function compare(before: unknown, after: unknown): Comparison {
  const changes: FieldChange[] = [];
  const counts = { formattingOnly: 0 };
  const visit = (a: unknown, b: unknown, path: readonly Step[]): void => {
    if (same(a, b)) return;
    if (path.length < deepest) {
      if (isFields(a) && isFields(b)) visitFields(a, b, path);
      else if (Array.isArray(a) && Array.isArray(b)) visitLists(a, b, path);
      else if (typeof a === "string" && typeof b === "string") visitTexts(a, b, path);
      else changes.push({ path, kind: "changed", before: a, after: b });
    } else changes.push({ path, kind: "changed", before: a, after: b });
  };

  const visitFields = (a: Fields, b: Fields, path: readonly Step[]): void => {
    for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
      const inside: readonly Step[] = [...path, { kind: "field", name }];
      if (!Object.hasOwn(b, name)) changes.push({ path: inside, kind: "removed", before: a[name] });
      else if (!Object.hasOwn(a, name)) changes.push({ path: inside, kind: "added", after: b[name] });
      else visit(a[name], b[name], inside);
    }
  };

  const visitLists = (a: readonly unknown[], b: readonly unknown[], path: readonly Step[]): void => {
    const identity = listIdentity(lastField(path), a, b);
    if (!identity) {
      visitByPosition(a, b, path);
      return;
    }
    const { keyOf, ordered } = identity;
    const left = new Map(a.map((item) => [keyOf(item), item]));
    const right = new Map(b.map((item) => [keyOf(item), item]));
    for (const key of [...new Set([...left.keys(), ...right.keys()])].sort()) {
      const inside: readonly Step[] = [...path, { kind: "item", key }];
      if (!right.has(key)) changes.push({ path: inside, kind: "removed", before: left.get(key) });
      else if (!left.has(key)) changes.push({ path: inside, kind: "added", after: right.get(key) });
      else visit(left.get(key), right.get(key), inside);
    }
    if (!ordered) return;
    const before = [...left.keys()].filter((key) => right.has(key));
    const after = [...right.keys()].filter((key) => left.has(key));
    if (!same(before, after)) changes.push({ path, kind: "reordered", before, after });
  };

  const visitByPosition = (a: readonly unknown[], b: readonly unknown[], path: readonly Step[]): void => {
    for (let index = 0; index < Math.max(a.length, b.length); index++) {
      const inside: readonly Step[] = [...path, { kind: "item", key: String(index) }];
      if (index >= b.length) changes.push({ path: inside, kind: "removed", before: a[index] });
      else if (index >= a.length) changes.push({ path: inside, kind: "added", after: b[index] });
      else visit(a[index], b[index], inside);
    }
  };

  const visitTexts = (a: string, b: string, path: readonly Step[]): void => {
    const field = lastField(path);
    if (isQueryField(field) && sameQuery(a, b)) {
      counts.formattingOnly++;
      return;
    }
    const format = embeddedFormat(field, a, b);
    const left = format && parseEmbedded(format, a);
    const right = format && parseEmbedded(format, b);
    if (!format || left === undefined || right === undefined) {
      changes.push({ path, kind: "changed", before: a, after: b });
    } else if (same(left, right)) counts.formattingOnly++;
    else visit(left, right, [...path, { kind: "document", format }]);
  };

  visit(before, after, []);
  return { changes, formattingOnly: counts.formattingOnly };
}

/** The name of the innermost field on a path. */
export function lastField(path: readonly Step[]): string {
  return path.findLast((step) => step.kind === "field")?.name ?? "";
}

/** Names of the fields on a path, without list items and document borders: what rules about meaning look at. */
export function fieldNames(path: readonly Step[]): readonly string[] {
  return path.flatMap((step) => (step.kind === "field" ? [step.name] : []));
}

/** A path as people write it: `spec.template.spec.containers[mimir].image`, `data["mimir.yaml"] » limits.retention`. */
export function pathText(path: readonly Step[]): string {
  let result = "";
  for (const step of path) {
    if (step.kind === "document") result += " » ";
    else if (step.kind === "item") result += `[${step.key}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step.name)) result += `${/(^|» )$/.test(result) ? "" : "."}${step.name}`;
    else result += `[${JSON.stringify(step.name)}]`;
  }
  return result === "" ? "(the whole object)" : result;
}
