import { isFields, same } from "./object.ts";

/** One operation of RFC 6902. */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** A JSON Patch (RFC 6902) that turns one value into another. */
export function jsonPatch(before: unknown, after: unknown): readonly PatchOperation[] {
  const operations: PatchOperation[] = [];
  const visit = (a: unknown, b: unknown, path: string): void => {
    if (same(a, b)) return;
    if (isFields(a) && isFields(b)) {
      for (const name of Object.keys(a).sort()) {
        if (!Object.hasOwn(b, name)) operations.push({ op: "remove", path: `${path}/${pointerSegment(name)}` });
      }
      for (const name of Object.keys(b).sort()) {
        if (Object.hasOwn(a, name)) visit(a[name], b[name], `${path}/${pointerSegment(name)}`);
        else operations.push({ op: "add", path: `${path}/${pointerSegment(name)}`, value: b[name] });
      }
    } else if (Array.isArray(a) && Array.isArray(b)) visitLists(a, b, path);
    else operations.push({ op: "replace", path, value: b });
  };

  /** Items at both ends that stayed are left alone; those between are changed in place, then added or removed. */
  const visitLists = (a: readonly unknown[], b: readonly unknown[], path: string): void => {
    let start = 0;
    while (start < a.length && start < b.length && same(a[start], b[start])) start++;
    let end = 0;
    while (end < a.length - start && end < b.length - start && same(a[a.length - 1 - end], b[b.length - 1 - end]))
      end++;
    const [left, right] = [a.length - start - end, b.length - start - end];
    for (let index = 0; index < Math.min(left, right); index++) {
      visit(a[start + index], b[start + index], `${path}/${start + index}`);
    }
    for (let index = left - 1; index >= right; index--)
      operations.push({ op: "remove", path: `${path}/${start + index}` });
    for (let index = left; index < right; index++) {
      operations.push({ op: "add", path: `${path}/${start + index}`, value: b[start + index] });
    }
  };

  visit(before, after, "");
  return operations;
}

/** A key as a segment of a JSON Pointer (RFC 6901). */
const pointerSegment = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
