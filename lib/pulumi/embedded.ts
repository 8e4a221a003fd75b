import { RunError } from "@pulumi/pulumi";
import { isScalar, parseAllDocuments, visit } from "yaml";
import { iniValue, unquotedIniValue } from "../formats/index.ts";
import { type Place, plainText } from "./tokens.ts";

/** YAML: each scalar is replaced and printed again, quoted if necessary. */
const filledYaml: Place = (text, values) =>
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
          if (filled === "=") node.type = "QUOTE_DOUBLE";
        },
      });
      return document.toString({ lineWidth: 0 });
    })
    .join("");

/** A value inside a double-quoted string of JSON, Alloy or Go, which use the same escapes. */
const quotedText: Place = (text, values) =>
  plainText(text, new Map([...values].map(([token, value]) => [token, JSON.stringify(value).slice(1, -1)])));

/** INI: a value is read as it was written, and quoted anew with what it holds then. */
const iniText: Place = (text, values) =>
  text
    .split("\n")
    .map((line) => {
      const [, key, written = ""] = /^([^=]+ = )(.*)$/.exec(line) ?? [];
      const filled = plainText(written, values);
      return key === undefined || filled === written
        ? line
        : `${key}${quotedIni(plainText(unquotedIniValue(written), values))}`;
    })
    .join("\n");

function quotedIni(text: string): string {
  try {
    return iniValue(text);
  } catch (error) {
    throw new RunError((error as RangeError).message);
  }
}

const places: Readonly<Record<string, Place>> = {
  yaml: filledYaml,
  yml: filledYaml,
  json: quotedText,
  alloy: quotedText,
  ini: iniText,
};

/** How values are written into a file, by its extension. */
export function placeOf(fileName: string): Place {
  return places[fileName.slice(fileName.lastIndexOf(".") + 1)] ?? plainText;
}
