// The Prometheus operator's custom resource definitions: `node test/parts/crds.ts` prints them as one JSON array.
import { execFileSync } from "node:child_process";
import { parseAllDocuments } from "yaml";
import { partPath } from "./find.ts";

/** A CustomResourceDefinition as the operator's own command prints it. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: object;
}

/**
 * The CRDs that `prometheus-operator full-crds` prints, in its order, without the descriptions of their fields (most of
 * the text, and too much for the annotation that `kubectl apply` keeps on the client's side).
 *
 * @throws Error when the prometheus-operator part is not built.
 */
export function operatorCrds(): readonly CustomResourceDefinition[] {
  const operator = partPath("prometheus-operator");
  if (operator === undefined) throw new Error("needs: node test/parts/build.ts prometheus-operator");
  const printed = execFileSync(operator, ["full-crds"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const documents = parseAllDocuments(printed).map((document) => document.toJS() as CustomResourceDefinition | null);
  return documents.filter((document) => document !== null).map((document) => withoutDescriptions(document));
}

/** Values of these keys are data, where a key `description` would mean something. */
const data = new Set(["default", "enum", "example"]);

/** A schema without its descriptions. A *property* called description is an object, not a text, and stays. */
function withoutDescriptions<T>(node: T): T {
  if (Array.isArray(node)) return node.map((item) => withoutDescriptions(item)) as T;
  if (typeof node !== "object" || node === null) return node;
  const kept = Object.entries(node).filter(([key, value]) => key !== "description" || typeof value !== "string");
  return Object.fromEntries(kept.map(([key, value]) => [key, data.has(key) ? value : withoutDescriptions(value)])) as T;
}

if (import.meta.main) {
  try {
    console.log(JSON.stringify(operatorCrds()));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
