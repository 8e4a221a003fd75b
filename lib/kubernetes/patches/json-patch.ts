import { JsonPatch } from "cdk8s";
import type { PatchOperation } from "./patch.ts";

/** A place of a JSON patch that does not exist, or an operation that fails. */
export class PatchError extends Error {}

/** Applies a JSON patch to a copy. @throws PatchError with the operation that fails, where the library would do nothing */
export function jsonPatch<T>(document: T, operations: readonly PatchOperation[]): T {
  let patched = structuredClone(document);
  operations.forEach((operation, index) => {
    const at = `json.${index} (${operation.op} ${operation.path})`;
    if (operation.op === "move" || operation.op === "copy") assertPlace(patched, operation.from, at, true);
    assertPlace(patched, operation.path, at, ["remove", "replace", "test"].includes(operation.op));
    try {
      patched = JsonPatch.apply(patched, operationOf(operation)) as T;
    } catch {
      throw new PatchError(`${at}: ${operation.op === "test" ? "the value is another one" : "cannot be applied"}`);
    }
  });
  return patched;
}

function operationOf(operation: PatchOperation): JsonPatch {
  switch (operation.op) {
    case "add":
      return JsonPatch.add(operation.path, operation.value);
    case "replace":
      return JsonPatch.replace(operation.path, operation.value);
    case "test":
      return JsonPatch.test(operation.path, operation.value);
    case "remove":
      return JsonPatch.remove(operation.path);
    case "move":
      return JsonPatch.move(operation.from, operation.path);
    case "copy":
      return JsonPatch.copy(operation.from, operation.path);
  }
}

/** Asserts that a place exists, or that it can be added to what holds it. */
function assertPlace(document: unknown, pointer: string, at: string, exists: boolean): void {
  if (!pointer.startsWith("/"))
    throw new PatchError(`${at}: ${pointer || '""'} is not a JSON pointer such as /spec/replicas`);
  const keys = pointer
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  let holder = document;
  keys.forEach((key, depth) => {
    const last = depth === keys.length - 1;
    const path = `/${pointer
      .slice(1)
      .split("/")
      .slice(0, depth + 1)
      .join("/")}`;
    if (holder === null || typeof holder !== "object") throw new PatchError(`${at}: there is no ${path}`);
    const appended = Array.isArray(holder) && (key === "-" || Number(key) === holder.length);
    const indexed = Array.isArray(holder) && /^(0|[1-9]\d*)$/.test(key) && Number(key) < holder.length;
    const found = Array.isArray(holder) ? indexed : Object.hasOwn(holder, key);
    const added = last && !exists && (Array.isArray(holder) ? appended || indexed : true);
    if (!found && !added) throw new PatchError(`${at}: there is no ${path}`);
    holder = (holder as Record<string, unknown>)[key];
  });
}
