import type { Prerequisite } from "../stacks/prerequisites.ts";
import { paint } from "./terminal.ts";

/** What must exist before `pulumi up`, with the commands that make it. */
export function prerequisitesText(prerequisites: readonly Prerequisite[]): string {
  if (prerequisites.length === 0) return "nothing has to exist beforehand";
  return [
    paint("bold", "must exist beforehand"),
    ...prerequisites.map(({ what, why, command }) => `  ${what}: ${why}\n    ${command}`),
  ].join("\n");
}
