import type { Format } from "../formats/format.ts";
import { type ParsedBlock, parseAlloy } from "./parser.ts";

/** Stages of `loki.process`. @see https://grafana.com/docs/alloy/v1.18/reference/components/loki/loki.process/ */
const known: ReadonlySet<string> = new Set(
  [
    ...[
      "cri",
      "decolorize",
      "docker",
      "drop",
      "eventlogmessage",
      "geoip",
      "json",
      "label_drop",
      "label_keep",
      "labels",
    ],
    ...["limit", "logfmt", "luhn", "match", "metrics", "multiline", "output", "pack", "pattern", "regex", "replace"],
    ...["sampling", "static_labels", "structured_metadata", "structured_metadata_drop", "template", "tenant"],
    ...["timestamp", "truncate", "windowsevent"],
  ].map((name) => `stage.${name}`),
);

/** What is wrong with blocks as stages, those of `stage.match` included. */
function mistakeOf(blocks: readonly ParsedBlock[]): string | undefined {
  for (const { name, label, blocks: inner } of blocks) {
    if (!name.startsWith("stage.")) return `${name} is no stage: all blocks are stage.*`;
    if (!known.has(name)) return `loki.process has no ${name}`;
    if (label !== undefined) return `${name} has no label`;
    const mistake = name === "stage.match" ? mistakeOf(inner) : undefined;
    if (mistake) return mistake;
  }
  return undefined;
}

/** Stages of a pipeline of `loki.process`, as text. */
export const logStages: Format = {
  name: "stages of loki.process, in Alloy syntax",
  language: true,
  examples: [`stage.drop { expression = "GET /healthz" }`, "stage.decolorize { }"],
  mistake: (text) => {
    try {
      const blocks = parseAlloy(text);
      return blocks.length === 0 ? "there is no stage" : mistakeOf(blocks);
    } catch (error) {
      return (error as SyntaxError).message;
    }
  },
};
