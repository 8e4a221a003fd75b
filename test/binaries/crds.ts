// The Prometheus operator's custom resource definitions, written by:
// node test/binaries/crds.ts > components/kube-prometheus/operator/crds.generated.json
import { execFileSync } from "node:child_process";
import { parseAllDocuments } from "yaml";
import { findProgram, programVersion } from "./catalogue.ts";
import { programPath } from "./find.ts";

/** A CustomResourceDefinition as the operator's own command prints it. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

/**
 * The CRDs that `prometheus-operator full-crds` prints, in its order, without the descriptions of their fields (most of
 * the text, and too much for the annotation that `kubectl apply` keeps on the client's side).
 *
 * @throws Error when the prometheus-operator program is not built.
 */
export function operatorCrds(): readonly CustomResourceDefinition[] {
  const operator = programPath("prometheus-operator");
  if (operator === undefined) throw new Error("needs: node test/binaries/build.ts prometheus-operator");
  const printed = execFileSync(operator, ["full-crds"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const documents = parseAllDocuments(printed).map((document) => document.toJS() as CustomResourceDefinition | null);
  return documents.filter((document) => document !== null).map(withoutTexts);
}

const withoutTexts = (crd: CustomResourceDefinition): CustomResourceDefinition => ({
  ...crd,
  spec: {
    ...crd.spec,
    versions: crd.spec.versions.map((version) => ({
      ...version,
      schema: { openAPIV3Schema: withoutDescriptions(version.schema.openAPIV3Schema) },
    })),
  },
});

type Schema = Readonly<Record<string, unknown>>;

/** The fields of a schema that hold schemas: one, a list, or one a name. */
const nested: Readonly<Record<string, "one" | "list" | "named">> = {
  items: "one",
  additionalProperties: "one",
  not: "one",
  allOf: "list",
  anyOf: "list",
  oneOf: "list",
  properties: "named",
};

/** A schema without its descriptions. A property called description, or a default of that name, is data and stays. */
function withoutDescriptions(schema: Schema): Schema {
  const fields = Object.entries(schema).filter(([field]) => field !== "description");
  return Object.fromEntries(
    fields.map(([field, value]) => {
      // additionalProperties may also be true or false.
      if (typeof value !== "object" || value === null) return [field, value];
      switch (nested[field]) {
        case "one":
          return [field, withoutDescriptions(value as Schema)];
        case "list":
          return [field, (value as readonly Schema[]).map(withoutDescriptions)];
        case "named":
          return [field, mapValues(value as Readonly<Record<string, Schema>>, withoutDescriptions)];
        default:
          return [field, value];
      }
    }),
  );
}

const mapValues = <T>(named: Readonly<Record<string, T>>, change: (value: T) => T) =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [name, change(value)]));

/** The text of the generated file: where it comes from, then one definition a line. */
export function generatedCrdFile(): string {
  const program = findProgram("prometheus-operator")!;
  const definitions = operatorCrds().map((definition) => `    ${JSON.stringify(definition)}`);
  const source = `${program.module} ${programVersion(program)}`;
  const command = "node test/binaries/crds.ts > components/kube-prometheus/operator/crds.generated.json";
  return `{
  "source": ${JSON.stringify(source)},
  "command": ${JSON.stringify(command)},
  "definitions": [
${definitions.join(",\n")}
  ]
}
`;
}

if (import.meta.main) {
  try {
    process.stdout.write(generatedCrdFile());
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
