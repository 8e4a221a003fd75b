import { mistakeIn } from "../../lib/formats/index.ts";
import { groupOf, isNamespaced, type Manifest, misnamed, schemaError } from "../../lib/kubernetes/index.ts";
import { queryErrors } from "../../lib/monitoring/foreign-dashboard.ts";
import {
  alreadyExists,
  type Finding,
  formatBytes,
  MiB,
  outOfRange,
  rejectedObject,
  removeItem,
  wrongFormat,
} from "../../lib/sizing/index.ts";
import type { Additions } from "./props.ts";

/** Identity of an object in a namespace. Kinds of two API groups may have the same name. */
export function identityOf(manifest: Manifest, home: string): string {
  const { kind, metadata } = manifest;
  const type = [kind, groupOf(manifest)].filter((each) => each !== "").join(".");
  return isNamespaced(kind) ? `${type} ${metadata.namespace ?? home}/${metadata.name}` : `${type} ${metadata.name}`;
}

/** The name of the ConfigMap with a dashboard. */
export const dashboardConfigMap = (uid: string): string =>
  `dashboard-${uid.toLowerCase().replaceAll("_", "-")}`.replace(/-+$/, "");

/** Finds manifests that Kubernetes rejects, queries with syntax errors, and whatever is there twice. @param home namespace of the stack */
export function validateAdditions(
  { manifests = [], rules = [], dashboards = [] }: Additions,
  home: string,
): readonly Finding[] {
  return [
    ...manifests.flatMap((manifest, index): readonly Finding[] => {
      const message = schemaError(manifest);
      const at = `extra.manifests[${index}]`;
      const names = misnamed(manifest).map(([place, value, format]) =>
        wrongFormat(
          `${at}.${place}`,
          JSON.stringify(value),
          format.name,
          mistakeIn(format, value) ?? "",
          `# write ${format.name}, such as ${format.examples[0]}`,
        ),
      );
      if (message === undefined) return names;
      return [rejectedObject(at, `${manifest.kind} ${manifest.metadata.name}`, message)];
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
    ...alreadyThere({ manifests, rules, dashboards }, home),
  ];
}

/** What the stack has already, by identity; dashboards by their UIDs. */
export interface Taken {
  readonly objects: ReadonlySet<string>;
  readonly uids: ReadonlySet<string>;
}

/** Additions that are there twice: among themselves, or in the stack. @param taken what the stack has @default nothing */
export function alreadyThere(
  { manifests = [], rules = [], dashboards = [] }: Additions,
  home: string,
  { objects, uids }: Taken = { objects: new Set(), uids: new Set() },
): readonly Finding[] {
  const prometheusRule = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "extra" },
  };
  const configMaps = dashboards.map(({ json: { uid } }) =>
    identityOf({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: dashboardConfigMap(uid) } }, home),
  );
  const generated = [...(rules.length > 0 ? [identityOf(prometheusRule, home)] : []), ...configMaps];
  const findings = [
    ...repeated(
      "extra.manifests",
      manifests.map((manifest) => identityOf(manifest, home)),
      new Set([...objects, ...generated]),
    ),
    ...repeated(
      "extra.rules",
      rules.map(({ name }) => `group ${name}`),
    ),
    ...repeated(
      "extra.dashboards",
      dashboards.map(({ json }) => `dashboard ${json.uid}`),
      uids,
    ),
    ...repeated("extra.dashboards", configMaps, objects),
  ];
  // A dashboard with the UID of another one has its ConfigMap, too.
  return findings.filter(({ at }, index) => findings.findIndex((each) => each.at === at) === index);
}

/** Additions that are there twice. @param taken what the stack has already @default nothing */
export function repeated(
  at: string,
  names: readonly string[],
  taken: ReadonlySet<string> = new Set(),
): readonly Finding[] {
  return names.flatMap((name, index) => {
    if (!taken.has(name) && names.indexOf(name) === index) return [];
    return [alreadyExists(`${at}[${index}]`, name, removeItem(index))];
  });
}
