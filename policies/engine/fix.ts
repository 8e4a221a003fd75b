import { parseDocument, stringify } from "yaml";
import type { KubernetesObject } from "./object.ts";
import type { Edit } from "./rule.ts";
import { type Fields, isFields, type Path } from "./values.ts";

/** An object's fields with edits applied. Objects that are created are not part of it. */
export function applyEdits(object: KubernetesObject, edits: readonly Edit[], offender: KubernetesObject): Fields {
  return edits.reduce<Fields>((value, edit) => {
    if ("create" in edit || (edit.object ?? offender) !== object) return value;
    return edited(value, edit.path, edit.value, "") as Fields;
  }, object.raw);
}

/** A value with another put at a path. Where the path enters a text, the text is read, changed and written again. */
function edited(value: unknown, path: Path, to: unknown, key: string | number): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return to;
  if (typeof value === "string") return editedText(value, path, to, key);
  if (Array.isArray(value) || (value === undefined && typeof first === "number")) {
    const copy: unknown[] = [...((value as unknown[] | undefined) ?? [])];
    const next = edited(copy[first as number], rest, to, first);
    if (next === undefined) copy.splice(first as number, 1);
    else copy[first as number] = next;
    return copy;
  }
  const copy: Record<string, unknown> = { ...(isFields(value) ? value : {}) };
  const next = edited(copy[first], rest, to, first);
  if (next === undefined) delete copy[first];
  else copy[first] = next;
  return copy;
}

function editedText(value: string, path: Path, to: unknown, key: string | number): string {
  if (/^\s*\{/.test(value)) {
    try {
      return JSON.stringify(edited(JSON.parse(value), path, to, key));
    } catch {
      // Not JSON: a flow mapping of YAML.
    }
  }
  return stringify(edited(parseDocument(value).toJS({ maxAliasCount: 10_000 }), path, to, key), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}

/** Edits as YAML to paste, with the object they belong to in a comment. */
export function snippet(edits: readonly Edit[], offender: KubernetesObject): string {
  const parts = edits.map((edit) => {
    if ("create" in edit) return stringify(edit.create, { lineWidth: 0 });
    const target = edit.object ?? offender;
    const place = `# ${target.id}`;
    if (edit.value === undefined) return `${place}\n# remove ${pathText(edit.path)}\n`;
    return `${place}\n${nested(edit.path, edit.value)}`;
  });
  return merged(parts).trimEnd();
}

/** Consecutive edits of one object share its comment. */
function merged(parts: readonly string[]): string {
  let last = "";
  return parts
    .map((part) => {
      const [head = "", ...body] = part.split("\n");
      if (!head.startsWith("# ")) return `---\n${part}`;
      if (head === last) return body.join("\n");
      last = head;
      return part;
    })
    .join("")
    .replace(/^---\n/, "");
}

function nested(path: Path, value: unknown): string {
  const inner = path.reduceRight<unknown>(
    (below, key) => (typeof key === "number" ? [below] : { [key]: below }),
    value,
  );
  return stringify(inner, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** `spec.containers[0].image`, `data["collector.yaml"].receivers`. */
export function pathText(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === "number") return `[${key}]`;
      if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join("");
}
