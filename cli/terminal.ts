import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Whether to write colours to a stream: it is a terminal, and NO_COLOR is not set. */
const coloured = (stream: NodeJS.WriteStream): boolean =>
  process.env.NO_COLOR === undefined && (stream.isTTY === true || process.env.FORCE_COLOR !== undefined);

/** Styles a text, unless stdout does not support colours. */
export function paint(style: Style, text: string): string {
  return coloured(process.stdout) ? styleText(style, text, { validateStream: false }) : text;
}

/** Whether stdout supports colours. */
export const takesColour = (): boolean => coloured(process.stdout);

/** Columns of the terminal; no limit if there is none. */
export function width(): number {
  return process.stdout.columns || Number.POSITIVE_INFINITY;
}

/** Writes progress and logs to stderr, because stdout is for data. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Writes data to stdout. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** The visible length of a text, without colour codes. */
const seen = (text: string): number => stripVTControlCharacters(text).length;

/** Truncates a text to a length, with an ellipsis. */
function cut(text: string, length: number): string {
  return seen(text) <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** No column is made narrower than this. */
const narrowest = 8;

/** A table whose columns are as wide as their widest cell; the widest ones are truncated until it fits the terminal. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  available: number = width(),
): string {
  const widths = columns.map(({ title }, index) => Math.max(seen(title), ...rows.map((row) => seen(row[index] ?? ""))));
  const total = () => widths.reduce((sum, each) => sum + each + 2, -2);
  while (total() > available) {
    const widest = Math.max(...widths.filter((_, index) => !columns[index]?.right));
    if (widest <= narrowest) break;
    widths[widths.findIndex((each, index) => each === widest && !columns[index]?.right)] = widest - 1;
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const room = widths[index] ?? 0;
        const text = cut(cell, room);
        const space = " ".repeat(Math.max(0, room - seen(text)));
        return columns[index]?.right ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  return [paint("bold", line(columns.map(({ title }) => title))), ...rows.map(line)].join("\n");
}
