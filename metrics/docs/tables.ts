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
  const intro = "All settings are keys below `observability:`. Generated from `src/config/schema.ts`.";
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
    "# Built-in metrics\n\nGenerated from the catalogues in `src`.\n",
    `${section("The registry", ownMetrics)}
Alert on \`increase(skopos_metrics_overflowed_label_sets_total[10m]) > 0\` and \`skopos_metrics_unstored_series > 0\`.\n`,
    section("Process metrics, recorded by the main thread", processCatalogue),
    `${section("Each thread", nodeCatalogue)}
## Tasks

A task is an asynchronous operation that Node.js tracks: a timer, a file or network request, a socket, an immediate or a next tick. A
promise that waits for an operation is not a task itself. \`process_tasks_spawned_total\` counts the IDs that Node.js has assigned (it
numbers these operations sequentially, so no hook is needed). \`process_active_tasks\` is the number of tasks that currently keep an
event loop alive. Both are summed over all threads that record process metrics.
`,
  ].join("\n");
}
