import type { Prerequisite } from "../stacks/components/needs.ts";
import { paint } from "./terminal.ts";

/** What must exist before `pulumi up`, with the commands that create it. */
export function prerequisitesText(prerequisites: readonly Prerequisite[]): string {
  if (prerequisites.length === 0) return "prerequisites   none";
  return [
    paint("bold", "prerequisites"),
    ...prerequisites.map(({ what, why, command }) => `  ${what}: ${why}\n    ${command.replaceAll("\n", "\n    ")}`),
  ].join("\n");
}
