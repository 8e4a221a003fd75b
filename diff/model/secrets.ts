import { createHmac, randomBytes } from "node:crypto";
import { type Fields, isFields, type Manifest } from "./object.ts";

/** Replaces what looks like a secret by a mark that is the same for the same value within one run, and tells nothing else. */
export type Masker = <T>(object: T) => T;

/** Names of fields and variables whose value is a secret. */
const secretName =
  /(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|token|bearer|secret|credentials?|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?secret|webhook[-_]?url|routing[-_]?key|dsn|sas[-_]?token|connection[-_]?string)(?:$|[^a-z])/i;

/** Fields that name a secret or describe one, without holding it. */
const referenceName =
  /(?:name|file|path|key|ref|from|enabled|type|version|id|secretkey|userkey|passwordkey|ttl|timeout)$/i;

/** Values that point elsewhere: environment variables, files, and the names of keys in a Secret. */
const reference = /^(?:\$\{?[\w.:-]+\}?|\$__(?:env|file)\{.*\}|env:[\w.]+|%\(.*\)s|\/[\w./-]+|<[\w -]+>|)$/;

/** Texts that are secrets wherever they stand: private keys, tokens of known forms, credentials in a URL or header. */
const secretForms: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}\b/g,
  /\bglpat-[\w-]{16,}\b/g,
  /\bxox[abeoprs]-[\w-]{10,}\b/g,
  /\bglsa_[A-Za-z0-9_]{20,}\b/g,
  /\bglc_[A-Za-z0-9+/=_-]{20,}/g,
  /\bsk-[A-Za-z0-9_-]{20,}\b/g,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g,
  /https:\/\/hooks\.slack\.com\/services\/[\w/]+/g,
  /(?<=:\/\/[^/\s:@]*:)[^@\s/]+(?=@)/g,
  /(?<=\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}/g,
];

/** `name = value`, `name: value` or `"name": "value"` on a line of any configuration language. */
const assignment =
  /^(?<lead>[ \t]*(?:-[ \t]+)?(?<quote>["']?)(?<name>[\w.-]+)\k<quote>[ \t]*[:=][ \t]*)(?<value>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|`[^`]*`|[^\s#,}][^\n#,}]*?)(?=[ \t]*(?:#.*)?[,}]?[ \t]*$)/gm;

/** The same within one line of JSON. */
const inlineAssignment = /(?<lead>"(?<name>[\w.-]+)"\s*:\s*)(?<value>"(?:[^"\\]|\\.)*")/g;

/** Whether a field or variable of this name holds a secret. */
export function namesSecret(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  return secretName.test(words) && !referenceName.test(words.replace(/(?:api|access|private|routing)[-_]?key$/i, ""));
}

/**
 * A masker with a key of its own: marks can be compared within one run, and neither looked up in a table nor compared
 * with those of another run. Length and alphabet of a value are not kept.
 *
 * @param key for tests only. @default 32 random bytes
 */
export function createMasker(key: Uint8Array = randomBytes(32)): Masker {
  const mark = (value: string) => `<secret ${createHmac("sha256", key).update(value).digest("hex").slice(0, 10)}>`;

  const maskText = (text: string): string => {
    let masked = text;
    for (const form of secretForms) masked = masked.replace(form, mark);
    const replaceAssigned = (...groups: unknown[]): string => {
      const all = groups[0] as string;
      const { lead, name, value } = groups.at(-1) as { lead: string; name: string; value: string };
      const quote = /^["'`]/.exec(value)?.[0] ?? "";
      const bare = quote === "" ? value : value.slice(1, -1);
      if (!namesSecret(name) || reference.test(bare) || bare.startsWith("<secret ") || /^[[{|>&*!]/.test(bare))
        return all;
      return `${lead}${quote}${mark(bare)}${quote}`;
    };
    if (masked.includes("\n")) masked = masked.replace(assignment, replaceAssigned);
    return masked.includes('"') ? masked.replace(inlineAssignment, replaceAssigned) : masked;
  };

  const maskAll = (value: unknown): unknown => {
    if (isFields(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskAll(item)]));
    if (Array.isArray(value)) return value.map(maskAll);
    return value === null || value === undefined ? value : mark(JSON.stringify(value));
  };

  const mask = (value: unknown, name: string): unknown => {
    if (typeof value === "string") {
      if (namesSecret(name) && !reference.test(value) && !value.includes("\n")) return mark(value);
      const [, flag = "", option = "", given = ""] = /^(--?([\w.-]+)=)(.+)$/s.exec(value) ?? [];
      return namesSecret(option) && !reference.test(given) ? `${flag}${mark(given)}` : maskText(value);
    }
    if (Array.isArray(value)) return value.map((item) => mask(item, name));
    if (!isFields(value)) return value;
    const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, mask(item, key)]);
    // An environment variable or header: the name and the value are siblings.
    if (typeof value.name === "string" && typeof value.value === "string") {
      return { ...Object.fromEntries(entries), value: mask(value.value, value.name) };
    }
    return Object.fromEntries(entries);
  };

  return <T>(object: T): T => {
    if (!isFields(object)) return mask(object, "") as T;
    if ((object as unknown as Manifest).kind !== "Secret") return mask(object, "") as T;
    const { data, stringData, ...rest } = object as Fields;
    // The last applied configuration holds the values once more.
    const masked = mask(rest, "") as Fields;
    return {
      ...masked,
      ...(data !== undefined && { data: maskAll(data) }),
      ...(stringData !== undefined && { stringData: maskAll(stringData) }),
    } as T;
  };
}
