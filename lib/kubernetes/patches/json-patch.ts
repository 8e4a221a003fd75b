import { JsonPatch } from "cdk8s";
import { removeItem } from "../../sizing/index.ts";
import type { PatchOperation } from "./patch.ts";

/** A patch that cannot be applied. */
export class PatchError extends Error {
  /** The part of the patch that is wrong: `json[0].op`. Empty for the whole. */
  readonly at: string;
  /** What to change in it. */
  readonly fix: string;

  constructor(message: string, at: string, fix: string) {
    super(message);
    this.at = at;
    this.fix = fix;
  }
}

/** Applies a JSON patch to a copy. @throws PatchError with the operation that fails, where the library would do nothing */
export function jsonPatch<T>(document: T, operations: readonly PatchOperation[]): T {
  let patched = structuredClone(document);
  operations.forEach((operation, index) => {
    if (operation.op === "move" || operation.op === "copy")
      assertPlace(patched, operation, index, operation.from, true);
    assertPlace(patched, operation, index, operation.path, ["remove", "replace", "test"].includes(operation.op));
    try {
      patched = JsonPatch.apply(patched, operationOf(operation)) as T;
    } catch {
      const { op, path } = operation;
      const message = op === "test" ? "the value is another one" : "cannot be applied";
      throw new PatchError(`${op} ${path}: ${message}`, `json[${index}]`, removeItem(index));
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
function assertPlace(document: unknown, { op }: PatchOperation, index: number, pointer: string, exists: boolean): void {
  const at = `json[${index}]`;
  if (!pointer.startsWith("/")) {
    const message = `${op}: ${pointer || '""'} is not a JSON pointer such as /spec/replicas`;
    throw new PatchError(message, `${at}.path`, `/${pointer}`);
  }
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
    const message = `${op} ${pointer}: there is no ${path}`;
    if (holder === null || typeof holder !== "object") throw new PatchError(message, at, removeItem(index));
    const appended = Array.isArray(holder) && (key === "-" || Number(key) === holder.length);
    const indexed = Array.isArray(holder) && /^(0|[1-9]\d*)$/.test(key) && Number(key) < holder.length;
    const found = Array.isArray(holder) ? indexed : Object.hasOwn(holder, key);
    const added = last && !exists && (Array.isArray(holder) ? appended || indexed : true);
    if (!found && !added) {
      // What is not there yet can be added to what holds it.
      const addable = last && op === "replace" && !Array.isArray(holder);
      throw addable ? new PatchError(message, `${at}.op`, "add") : new PatchError(message, at, removeItem(index));
    }
    holder = (holder as Record<string, unknown>)[key];
  });
}
