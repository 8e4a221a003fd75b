import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  visit,
} from "yaml";
import { KubernetesObject, type Source } from "../engine/object.ts";
import { type Fields, isFields, list, type Path, text } from "../engine/values.ts";

/** Why a manifest could not be read. */
export interface LoadProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** What one file holds. */
export interface ReadFile {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly LoadProblem[];
  /** Documents that are no Kubernetes objects, by line. */
  readonly ignored: readonly { readonly file: string; readonly line: number }[];
}

/** Largest file that is read, in bytes. All CRDs of the Prometheus operator together are a tenth of it. */
export const largestFile = 32 * 1024 * 1024;

/** JSON beyond this size is read by the JSON parser alone: definitions that nobody wrote by hand. */
const largeJson = 100_000;

/** Reads a stream of YAML or JSON documents: objects, Lists, what Helm writes. */
export function readManifest(content: string, file: string): ReadFile {
  const size = Buffer.byteLength(content);
  if (size > largestFile) {
    const megabytes = (size / 1024 / 1024).toFixed(1);
    return failed(
      file,
      1,
      `the file has ${megabytes} MiB; at most ${largestFile / 1024 / 1024} MiB are read`,
      "split it into several files",
    );
  }
  if (content.length > largeJson && /^\s*\{/.test(content)) {
    try {
      return collect([{ value: JSON.parse(content), line: 1, lineOf: () => 1 }], file);
    } catch {
      // Read as YAML, for an error with its line.
    }
  }
  const lines = new LineCounter();
  let documents: Document[];
  try {
    documents = parseAllDocuments(content, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: "silent",
    }) as Document[];
  } catch (error) {
    return failed(file, 1, messageOf(error), "write it as YAML or JSON");
  }
  const problems: LoadProblem[] = [];
  const values: ReadValue[] = [];
  for (const document of documents) {
    const start = lineAt(lines, document.contents?.range?.[0] ?? document.range?.[0] ?? 0);
    const [first] = document.errors;
    if (first) {
      problems.push({ file, line: lineAt(lines, first.pos[0]), ...explained(first.code, first.message, content) });
      continue;
    }
    const alias = aliasProblem(document);
    if (alias !== undefined) {
      const fix = "write the value out instead of referring to it with an alias";
      problems.push({ file, line: lineAt(lines, alias.at), message: alias.message, fix });
      continue;
    }
    try {
      values.push({
        value: document.toJS({ maxAliasCount: 1_000 }),
        line: start,
        lineOf: (path) => lineOf(document, lines, path),
      });
    } catch (error) {
      problems.push({
        file,
        line: start,
        message: messageOf(error),
        fix: "write the values out instead of using aliases",
      });
    }
  }
  const read = collect(values, file);
  return { ...read, problems: [...problems, ...read.problems] };
}

interface ReadValue {
  readonly value: unknown;
  readonly line: number;
  readonly lineOf: (path: Path) => number;
}

const failed = (file: string, line: number, message: string, fix: string): ReadFile => ({
  objects: [],
  problems: [{ file, line, message, fix }],
  ignored: [],
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const lineAt = (lines: LineCounter, offset: number): number => Math.max(1, lines.linePos(offset).line);

/** A parser's error in words that say what to do. */
function explained(code: string, message: string, content: string): { message: string; fix: string } {
  if (code === "DUPLICATE_KEY") return { message: "a key appears twice in one mapping", fix: "remove one of the two" };
  if (content.includes("{{") && content.includes("}}")) {
    return {
      message: `not YAML: ${firstLine(message)}; it looks like a template`,
      fix: "check what the template becomes: helm template NAME CHART | skopos check -",
    };
  }
  return { message: `not YAML: ${firstLine(message)}`, fix: "correct the syntax" };
}

const firstLine = (message: string): string => (message.split("\n")[0] as string).replace(/:$/, "");

/** The first alias that names no anchor, or stands inside the node it refers to. */
function aliasProblem(document: Document): { readonly message: string; readonly at: number } | undefined {
  let found: { message: string; at: number } | undefined;
  visit(document, {
    Alias: (_, node, ancestors) => {
      const target = isAlias(node) ? node.resolve(document) : undefined;
      if (target !== undefined && !ancestors.includes(target as never)) return undefined;
      const message =
        target === undefined
          ? `the alias *${node.source} names no anchor`
          : `the anchor &${node.source} contains itself`;
      found = { message, at: node.range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

/** Objects out of documents, Lists taken apart. */
function collect(values: readonly ReadValue[], file: string): ReadFile {
  const objects: KubernetesObject[] = [];
  const problems: LoadProblem[] = [];
  const ignored: { file: string; line: number }[] = [];
  const add = ({ value, line, lineOf: place }: ReadValue, inList: boolean): void => {
    if (value === null || value === undefined) return;
    if (!isFields(value)) {
      problems.push({
        file,
        line,
        message: `a document is a ${kindOf(value)}, not an object`,
        fix: "write one object per document, or a List",
      });
      return;
    }
    const kind = text(value.kind);
    const apiVersion = text(value.apiVersion);
    if (kind === "List" && !Array.isArray(value.items)) {
      problems.push({ file, line, message: "items of a List is not a list", fix: "items: []" });
      return;
    }
    if (kind?.endsWith("List") && Array.isArray(value.items)) {
      list(value.items).forEach((item, index) => {
        const inner = (path: Path) => place(["items", index, ...path]);
        add({ value: item, line: inner([]), lineOf: inner }, true);
      });
      return;
    }
    if (!("kind" in value) && !("apiVersion" in value) && !inList) {
      ignored.push({ file, line });
      return;
    }
    const missing = kind === undefined ? "kind" : apiVersion === undefined ? "apiVersion" : undefined;
    if (missing) {
      problems.push({ file, line, message: `an object has no ${missing}`, fix: `add ${missing}, as text` });
      return;
    }
    if (apiVersion?.startsWith("kustomize.config.k8s.io/") || kind === "Kustomization") {
      ignored.push({ file, line });
      return;
    }
    const source: Source = { file, line, lineOf: place };
    const object = new KubernetesObject(value as Fields, source);
    if (object.name === "") {
      problems.push({
        file,
        line: place(["metadata"]),
        message: `a ${kind} has no metadata.name`,
        fix: "metadata:\n  name: example",
      });
      return;
    }
    objects.push(object);
  };
  for (const value of values) add(value, false);
  return { objects, problems, ignored };
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? "list" : typeof value);

/** Line of the value at a path, of its nearest parent where it is missing. A path may enter a text that is YAML itself. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  let node: unknown = document.contents;
  let line = lineAt(lines, document.contents?.range?.[0] ?? 0);
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isScalar(node)) return line + inText(node.value, node.type, path.slice(depth));
    const next = isMap(node) || isSeq(node) ? node.get(key, true) : undefined;
    if (!isNode(next)) return line;
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const start = isNode(pair?.key) ? pair.key.range?.[0] : next.range?.[0];
    if (start !== undefined) line = lineAt(lines, start);
    node = next;
  }
  return line;
}

/** Lines from a block scalar's key to a value in its text; 0 where the text is not written line by line. */
function inText(content: unknown, style: string | undefined, path: Path): number {
  if (typeof content !== "string" || style !== "BLOCK_LITERAL" || content.length > largeJson) return 0;
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  return document.errors.length > 0 ? 0 : lineOf(document as Document, lines, path);
}
