// Generates api.md, configuration.md and metrics.md from the source: `npm run docs -w metrics`.
import { writeFileSync } from "node:fs";
import { apiReference } from "./api-reference.ts";
import { metricTable, settingTable } from "./tables.ts";

/** The generated pages by file name. */
export function pages(): Record<string, string> {
  return { "api.md": apiReference(), "configuration.md": settingTable(), "metrics.md": metricTable() };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(pages())) writeFileSync(new URL(name, import.meta.url), text);
}
