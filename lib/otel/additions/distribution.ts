import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Sections of a collector's configuration whose keys are components. */
export const componentKinds = ["receivers", "processors", "exporters", "connectors", "extensions"] as const;
export type ComponentKind = (typeof componentKinds)[number];

/** Component types that a release of the collector contains. */
export type Distribution = { readonly version: string } & Readonly<Record<ComponentKind, readonly string[]>>;

/** What the shipped collector contains, recorded from the release: `node test/catalogues/collector.ts`. */
export const distribution: Distribution = JSON.parse(
  readFileSync(join(import.meta.dirname, "distribution.generated.json"), "utf8"),
);
