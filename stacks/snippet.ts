import { stringify } from "yaml";
import { formatPlace } from "../lib/formats/index.ts";

/** A path as Pulumi writes it: `skopos:alerts.receivers[1].name`. */
export function configPath(path: readonly PropertyKey[]): string {
  return `skopos:${formatPlace(path)}`;
}

/**
 * YAML that sets one value at a path. An item of a list is a list with that item, below a comment that says which one.
 * @param value as YAML on one line
 */
export function snippet(path: readonly PropertyKey[], value: string): string {
  const lines: string[] = [];
  let indent = "";
  let start = "";
  path.forEach((key, depth) => {
    const last = depth === path.length - 1;
    if (typeof key === "number") {
      lines.push(`${indent}# item ${key + 1}:`);
      start += "- ";
      if (last) lines.push(`${indent}${start}${value}`);
      return;
    }
    const name = depth === 0 ? `skopos:${String(key)}` : yamlKey(String(key));
    lines.push(`${indent}${start}${name}:${last && value !== "" ? ` ${value}` : ""}`);
    indent += " ".repeat(start.length + 2);
    start = "";
  });
  return lines.join("\n");
}

/** A key as YAML. */
const yamlKey = (key: string): string => (/^[A-Za-z][\w./-]*$/.test(key) ? key : JSON.stringify(key));

/** A value as YAML on one line. Text is quoted only where it would be read as something else. */
export function yamlValue(value: unknown): string {
  if (typeof value === "string" && /[\n"]/.test(value)) return JSON.stringify(value);
  const options = { compat: "yaml-1.1", collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 } as const;
  return stringify(value, options).trim();
}
