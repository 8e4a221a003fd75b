import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import { type PolicySettings, policyFileSchema } from "../engine/settings.ts";
import { ManifestError } from "./files.ts";

/** Reads a file of settings, waivers and facts for `skopos check --config`. @throws ManifestError with every problem and its line */
export function readSettings(file: string): PolicySettings {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    throw new ManifestError([
      { file, line: 1, message: error instanceof Error ? error.message : String(error), fix: "check the path" },
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ManifestError(
      document.errors.map(({ pos, message }) => ({
        file,
        line: lines.linePos(pos[0]).line,
        message: `not YAML: ${message.split("\n")[0]}`,
        fix: "correct the syntax",
      })),
    );
  }
  const parsed = policyFileSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return parsed.data;
  throw new ManifestError(
    parsed.error.issues.map(({ path, message }) => {
      const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
      return {
        file,
        line: node?.range ? lines.linePos(node.range[0]).line : 1,
        message: `${path.join(".") || "the file"}: ${message}`,
        fix: "see docs/policies/README.md",
      };
    }),
  );
}
