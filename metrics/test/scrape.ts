import { type Format, formatFor } from "../src/exposition/negotiate.ts";
import { Renderer } from "../src/exposition/renderer.ts";
import type { Registry } from "../src/registry/registry.ts";

/** What a scrape in the text format would say, collectors run. */
export async function scrapeText(registry: Registry, format: Format = formatFor("text")): Promise<string> {
  await registry.collect();
  return new Renderer(registry).render(format).toString();
}

/** A sample of the text format: its name, its labels, its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format by its grammar, character by character, so that wrong escaping shows. */
export function parseText(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const labels: Record<string, string> = {};
    const brace = line.indexOf("{");
    const name = line.slice(0, brace < 0 ? line.indexOf(" ") : brace);
    let at = brace < 0 ? name.length : brace + 1;
    while (brace >= 0 && line[at] !== "}") {
      if (line[at] === ",") at++;
      const equals = line.indexOf("=", at);
      const label = line.slice(at, equals);
      at = equals + 2;
      let value = "";
      while (line[at] !== '"') {
        if (line[at] === "\\") {
          at++;
          value += line[at] === "n" ? "\n" : line[at];
        } else value += line[at];
        at++;
      }
      labels[label] = value;
      at++;
    }
    const number = line
      .slice(brace < 0 ? at : at + 1)
      .trim()
      .split(" ")[0]!;
    samples.push({ name, labels, value: Number(number.replace("Inf", "Infinity")) });
  }
  return samples;
}
