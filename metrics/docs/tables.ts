import { environmentName, SETTINGS } from "../src/config/schema.ts";
import type { Catalogue } from "../src/definition/catalogue.ts";
import { nodeCatalogue, processCatalogue } from "../src/process/catalogue.ts";
import { ownMetrics } from "../src/registry/own-metrics.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

/** Every setting of the configuration file. */
export function settingTable(): string {
  const rows = SETTINGS.map(({ path, type, default: otherwise, required, oneOf, help }) => [
    `\`${path}\``,
    oneOf ? oneOf.map((choice) => `\`${choice}\``).join(", ") : type,
    required ? "required" : otherwise === undefined ? "" : `\`${JSON.stringify(otherwise)}\``,
    help,
    `\`${environmentName(path)}\``,
  ]);
  const intro = "All of them stand below `observability:`. Generated from `src/config/schema.ts`.";
  return `# Configuration\n\n${intro}\n\n${table(["setting", "type", "default", "meaning", "overridden by"], rows)}`;
}

/** The metrics that this package records by itself. */
export function metricTable(): string {
  const rows = (catalogue: Catalogue) =>
    Object.values(catalogue).map(({ name, type, labels = {}, help }) => [
      `\`${name}\``,
      type,
      Object.keys(labels)
        .map((label) => `\`${label}\``)
        .join(", "),
      help,
    ]);
  const section = (title: string, catalogue: Catalogue) =>
    `## ${title}\n\n${table(["metric", "type", "labels", "meaning"], rows(catalogue))}`;
  return [
    "# Metrics that record themselves\n\nGenerated from the catalogues in `src`.\n",
    `${section("The registry", ownMetrics)}
Alert on \`increase(skopos_metrics_overflowed_label_sets_total[10m]) > 0\` and \`skopos_metrics_unstored_series > 0\`.\n`,
    section("The process, recorded by its main thread", processCatalogue),
    `${section("Each thread", nodeCatalogue)}
## What a task is

A task is an asynchronous operation that Node.js started and tracks: a timer, a file or network request, a socket, an immediate or
a next tick. A promise that waits for one is not a task of its own. \`process_tasks_spawned_total\` counts the ids that Node.js gave
out (it numbers these operations one after the other, so nothing has to be hooked); \`process_active_tasks\` is how many of them keep
an event loop alive right now. Both are summed over all threads that record process metrics.
`,
  ].join("\n");
}
