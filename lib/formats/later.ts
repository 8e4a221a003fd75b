import { parseHostPort } from "./network.ts";

/*
 * Text that stands for a value which is only known when the program runs, a Pulumi Output. Charts never parse it: what
 * they need of it, they name here, and the bridge computes it when the value is known.
 */

/** What can be derived from a text: its argument is a number, such as the port to use where the text names none. */
const derivations = {
  /** The port of a URL or of `host:port`. */
  port: (text: string, otherwise: number): number => {
    const url = /^(https?):\/\//.exec(text);
    if (url) return Number(new URL(text).port) || (url[1] === "https" ? 443 : 80);
    return parseHostPort(text)?.port ?? otherwise;
  },
  /** The same as text. */
  porttext: (text: string, otherwise: number): string => String(derivations.port(text, otherwise)),
  /** The text inside a double-quoted string. */
  quoted: (text: string): string => JSON.stringify(text).slice(1, -1),
  /** A regular expression that matches the text, inside a double-quoted string. */
  pattern: (text: string): string => derivations.quoted(text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")),
  /** The text with doubled dollar signs. */
  dollars: (text: string): string => text.replaceAll("$", "$$$$"),
  /** `service.namespace` of a Service's host name. */
  service: (text: string): string => text.split(".").slice(0, 2).join("."),
} as const satisfies Record<string, (text: string, argument: number) => string | number>;

type Derivation = keyof typeof derivations;

/** What stands for a value, alone or derived from it: letters and digits, which no printer escapes. */
const token = /skoposoutput(\d{6})(?:([a-z]+)(\d+))?x/g;

/** The text that stands for the value of a number. */
export const placeholder = (value: number): string => `skoposoutput${String(value).padStart(6, "0")}x`;

/** A part of a text that stands for a value. */
export interface Placeholder {
  readonly text: string;
  /** The value's number. */
  readonly value: number;
  /** Computes what stands there from the value. */
  readonly derive: (value: string) => string | number;
}

/** The parts of a text that stand for values, in order, each once. */
export function placeholdersIn(text: string): readonly Placeholder[] {
  const found = [...text.matchAll(token)].map(([part, value, kind, argument]) => ({
    text: part,
    value: Number(value),
    derive: (known: string) => (kind === undefined ? known : derivations[kind as Derivation](known, Number(argument))),
  }));
  return [...new Map(found.map((each) => [each.text, each])).values()];
}

/** Whether a text stands for a value that is only known when the program runs: its format cannot be checked before. */
export function isKnownLater(text: string): boolean {
  return placeholdersIn(text).length > 0;
}

function derived<Kind extends Derivation>(
  kind: Kind,
  text: string,
  argument: number,
): ReturnType<(typeof derivations)[Kind]> | string {
  const parts = placeholdersIn(text);
  if (parts.length === 0) return derivations[kind](text, argument) as ReturnType<(typeof derivations)[Kind]>;
  return text.replaceAll(/skoposoutput(\d{6})x/g, `skoposoutput$1${kind}${argument}x`);
}

/** A port number, or the text that stands for one. */
export type Port = number | string;

/** The port of a URL or of `host:port`. @param otherwise where the text names none; a URL has its scheme's */
export const portOf = (address: string, otherwise: number): Port => derived("port", address, otherwise);

/** A port as text. */
export const portText = (port: Port): string => String(port).replaceAll(/(skoposoutput\d{6}port)(\d+x)/g, "$1text$2");

/** Text as a double-quoted string. */
export const doubleQuoted = (text: string): string => `"${derived("quoted", text, 0)}"`;

/** A regular expression that matches a text, for use within a double-quoted string. */
export const quotedPattern = (text: string): string => derived("pattern", text, 0);

/** Text in which dollar signs are doubled, for readers that expand variables. */
export const doubledDollars = (text: string): string => derived("dollars", text, 0);

/** `service.namespace` of a Service's host name. */
export const serviceOfHost = (host: string): string => derived("service", host, 0);
