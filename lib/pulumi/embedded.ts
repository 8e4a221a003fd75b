import { RunError } from "@pulumi/pulumi";
import { isScalar, parseAllDocuments, visit } from "yaml";
import { type Place, plainText } from "./tokens.ts";

/** YAML: each scalar is replaced and printed again, quoted if necessary. */
const yamlText: Place = (text, values) =>
  parseAllDocuments(text, { compat: "yaml-1.1" })
    .map((document) => {
      visit(document, {
        Scalar: (_, node) => {
          if (!isScalar(node) || typeof node.value !== "string") return;
          const filled = plainText(node.value, values);
          if (filled === node.value) return;
          node.value = filled;
          // Let the printer choose the style again, as for any other string.
          delete node.type;
          delete node.source;
        },
      });
      return document.toString({ lineWidth: 0 });
    })
    .join("");

/** A value inside a double-quoted string of JSON, Alloy or Go, which use the same escapes. */
const quotedText: Place = (text, values) =>
  plainText(text, new Map([...values].map(([token, value]) => [token, JSON.stringify(value).slice(1, -1)])));

/** INI files have one value per line and treat `;` and `#` as comments, so such values are put in backquotes. */
const iniText: Place = (text, values) => {
  for (const value of values.values()) {
    if (/[\r\n`]/.test(value)) throw new RunError("a value in an INI file cannot hold a line break or a backquote");
  }
  return text
    .split("\n")
    .map((line) => {
      const filled = plainText(line, values);
      const at = filled.indexOf("=");
      if (filled === line || at < 0) return filled;
      const value = filled.slice(at + 1).trim();
      return /[;#"]/.test(value) ? `${filled.slice(0, at + 1)} \`${value}\`` : filled;
    })
    .join("\n");
};

const places: Readonly<Record<string, Place>> = {
  yaml: yamlText,
  yml: yamlText,
  json: quotedText,
  alloy: quotedText,
  ini: iniText,
};

/** How values are written into a file, by its extension. */
export function placeOf(fileName: string): Place {
  return places[fileName.slice(fileName.lastIndexOf(".") + 1)] ?? plainText;
}
