import { DiffInputError } from "../input/errors.ts";
import { compare, type FieldChange } from "./compare.ts";
import { compareIds, fields, idOf, isFields, keyOf, type Manifest, nameOf, type ObjectId, same } from "./object.ts";
import type { Masker } from "./secrets.ts";

/** What happened to one object. Everything in it is masked already. */
export interface ObjectChange {
  readonly id: ObjectId;
  readonly kind: "added" | "removed" | "changed" | "renamed";
  /** The identity that a renamed object had. */
  readonly from?: ObjectId;
  readonly before?: Manifest;
  readonly after?: Manifest;
  /** The differences; empty for objects that were added or removed. */
  readonly fields: readonly FieldChange[];
  /** Embedded texts that differ in formatting only. */
  readonly formattingOnly: number;
}

/** Removed and added objects of one kind are compared for renames up to this number of pairs. */
const mostRenamePairs = 10_000;

/** Share of values that two objects have in common from which one counts as the other under a new name. */
const renameSimilarity = 0.6;

/**
 * What changes from one set of objects to another. Objects that are the same on both sides need not be given.
 *
 * @throws DiffInputError when one side holds two objects of one identity, or one that is nested too deep.
 */
export function changesBetween(
  before: readonly Manifest[],
  after: readonly Manifest[],
  mask: Masker,
): readonly ObjectChange[] {
  const [left, right] = [byKey(before), byKey(after)];
  const changed: ObjectChange[] = [];
  const removed: Manifest[] = [];
  for (const [key, old] of left) {
    const now = right.get(key);
    if (now === undefined) removed.push(old);
    else if (!same(old, now)) changed.push(changeOf("changed", mask(old), mask(now)));
  }
  const added = [...right].filter(([key]) => !left.has(key)).map(([, object]) => object);
  const renames = renamesAmong(removed, added);
  const renamed = [...renames].map(([old, now]) => changeOf("renamed", mask(old), mask(now)));
  const taken = new Set(renames.values());
  return [
    ...changed,
    ...renamed,
    ...removed.filter((old) => !renames.has(old)).map((old) => oneSided("removed", mask(old))),
    ...added.filter((now) => !taken.has(now)).map((now) => oneSided("added", mask(now))),
  ].sort((a, b) => compareIds(a.id, b.id));
}

function byKey(objects: readonly Manifest[]): ReadonlyMap<string, Manifest> {
  const found = new Map<string, Manifest>();
  for (const object of objects) {
    const key = keyOf(idOf(object));
    const place = nameOf(idOf(object));
    if (depthOf(object) > deepest)
      throw new DiffInputError(`${place} is nested deeper than ${deepest} levels`, "check what wrote it");
    if (found.has(key) && !same(found.get(key), object)) {
      throw new DiffInputError(`${place} is stated twice, with different contents`, "leave one of them");
    }
    found.set(key, object);
  }
  return found;
}

/** Deepest nesting of an object: Kubernetes' own schemas end before the thirtieth level. */
const deepest = 200;

/** Levels of nesting of a value, measured without recursion. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value]; level.length > 0 && depth <= deepest; depth++) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return depth;
}

function changeOf(kind: "changed" | "renamed", before: Manifest, after: Manifest): ObjectChange {
  const { changes, formattingOnly } = compare(before, after);
  return {
    id: idOf(after),
    kind,
    ...(kind === "renamed" && { from: idOf(before) }),
    before,
    after,
    fields: changes,
    formattingOnly,
  };
}

const oneSided = (kind: "added" | "removed", object: Manifest): ObjectChange => ({
  id: idOf(object),
  kind,
  ...(kind === "added" ? { after: object } : { before: object }),
  fields: [],
  formattingOnly: 0,
});

/** Which removed object lives on as which added one: the most similar pairs of one kind, each object once. */
function renamesAmong(removed: readonly Manifest[], added: readonly Manifest[]): Map<Manifest, Manifest> {
  const pairs: { readonly old: Manifest; readonly now: Manifest; readonly similarity: number }[] = [];
  const values = new Map<Manifest, ReadonlySet<string>>();
  const valuesOf = (object: Manifest) => {
    const known = values.get(object) ?? leafValues(object);
    values.set(object, known);
    return known;
  };
  if (removed.length * added.length <= mostRenamePairs) {
    for (const old of removed) {
      for (const now of added) {
        if (old.kind !== now.kind || old.apiVersion.split("/")[0] !== now.apiVersion.split("/")[0]) continue;
        const similarity = jaccard(valuesOf(old), valuesOf(now));
        if (similarity >= renameSimilarity) pairs.push({ old, now, similarity });
      }
    }
  }
  pairs.sort(
    (a, b) =>
      b.similarity - a.similarity || compareIds(idOf(a.now), idOf(b.now)) || compareIds(idOf(a.old), idOf(b.old)),
  );
  const found = new Map<Manifest, Manifest>();
  const taken = new Set<Manifest>();
  for (const { old, now } of pairs) {
    if (found.has(old) || taken.has(now)) continue;
    found.set(old, now);
    taken.add(now);
  }
  return found;
}

/** Every value of an object with its path, its name aside. */
function leafValues(object: Manifest): ReadonlySet<string> {
  const found = new Set<string>();
  const { name, namespace, ...metadata } = object.metadata;
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, path);
    else if (isFields(value)) for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
    else found.add(`${path}=${String(value).replaceAll(name, "")}`);
  };
  visit({ ...fields(object), metadata }, "");
  return found;
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const value of a) if (b.has(value)) both++;
  const all = a.size + b.size - both;
  return all === 0 ? 0 : both / all;
}
