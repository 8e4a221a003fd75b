import { isNamespaced, type Manifest, schemaError } from "../../lib/kubernetes/index.ts";
import { queryErrors } from "../../lib/monitoring/foreign-dashboard.ts";
import { type Finding, formatBytes, MiB, outOfRange, removeItem, wrongFormat } from "../../lib/sizing/index.ts";
import type { Additions } from "./props.ts";

/** Identity of an object in a namespace. */
export const identityOf = ({ kind, metadata }: Manifest, home: string): string =>
  `${kind} ${metadata.namespace ?? (isNamespaced(kind) ? home : "")}/${metadata.name}`;

/** Finds manifests that Kubernetes rejects, queries with syntax errors, and whatever is there twice. @param home namespace of the stack */
export function validateAdditions(
  { manifests = [], rules = [], dashboards = [] }: Additions,
  home: string,
): readonly Finding[] {
  return [
    ...manifests.flatMap((manifest, index): readonly Finding[] => {
      const message = schemaError(manifest);
      const at = `extra.manifests[${index}]`;
      if (message === undefined) return [];
      return [
        {
          code: "SKP1320",
          at,
          message: `${manifest.kind} ${manifest.metadata.name}: ${message}`,
          fix: "# change the manifest",
        },
      ];
    }),
    ...dashboards.flatMap(({ json }, index) => {
      const at = `extra.dashboards[${index}].json`;
      const bytes = Buffer.byteLength(JSON.stringify(json));
      return [
        ...queryErrors(json).map((error) => wrongFormat(at, "a query", "valid", error, "# change the query")),
        ...(bytes < MiB
          ? []
          : [outOfRange(at, formatBytes(bytes), "a ConfigMap holds less than 1 MiB", "# split the dashboard")]),
      ];
    }),
    ...repeated(
      "extra.manifests",
      manifests.map((manifest) => identityOf(manifest, home)),
    ),
    ...repeated(
      "extra.rules",
      rules.map(({ name }) => `group ${name}`),
    ),
    ...repeated(
      "extra.dashboards",
      dashboards.map(({ json }) => `dashboard ${json.uid}`),
    ),
  ];
}

/** Additions that are there twice. @param taken what the stack has already @default nothing */
export function repeated(
  at: string,
  names: readonly string[],
  taken: ReadonlySet<string> = new Set(),
): readonly Finding[] {
  return names.flatMap((name, index) => {
    if (!taken.has(name) && names.indexOf(name) === index) return [];
    return [alreadyThere(`${at}[${index}]`, `${name} exists already`, removeItem(index))];
  });
}

const alreadyThere = (at: string, message: string, fix: string): Finding => ({ code: "SKP1321", at, message, fix });
