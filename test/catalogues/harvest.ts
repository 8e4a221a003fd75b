import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogueOf } from "../../lib/monitoring/catalogues/index.ts";
import { metricsOf } from "./exposition.ts";

/** Folder in which `npm run catalogues` collects what the programs of tests expose. */
export const harvestVariable = "SKOPOS_HARVEST";

/**
 * What a program exposes in a test and its catalogue does not have: a type, or a label, of a recorded metric. While the catalogues
 * are being recorded there is none, and the texts are collected instead.
 */
export function unrecorded(program: string, ...texts: readonly string[]): string[] {
  const folder = process.env[harvestVariable];
  if (folder !== undefined) {
    mkdirSync(join(folder, program), { recursive: true });
    for (const text of texts) writeFileSync(join(folder, program, `${randomUUID()}.txt`), text);
    return [];
  }
  const { metrics } = catalogueOf(program);
  return Object.entries(metricsOf(...texts)).flatMap(([name, { type, labels }]) => {
    const known = metrics[name];
    if (!known) return [];
    const names = new Set(known.labels.flat());
    const added = [...new Set(labels.flat())].filter((label) => !names.has(label));
    return [
      ...(type === known.type ? [] : [`${name} is a ${type}, recorded as ${known.type}`]),
      ...added.map((label) => `${name} has the label ${label}, which is not recorded: npm run catalogues`),
    ];
  });
}
