import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Whether a stream takes colours: a terminal that did not ask for none. */
const coloured = (stream: NodeJS.WriteStream): boolean =>
  process.env.NO_COLOR === undefined && (stream.isTTY === true || process.env.FORCE_COLOR !== undefined);

/** A text in a style, plain where stdout takes no colours. */
export function paint(style: Style, text: string): string {
  return coloured(process.stdout) ? styleText(style, text, { validateStream: false }) : text;
}

/** Columns of the terminal, 100 where there is none. */
export function width(): number {
  return process.stdout.columns ?? 100;
}

/** Progress and logs go to stderr: stdout is data. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Data goes to stdout. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** A text's length as it is seen: without colour codes. */
const seen = (text: string): number => stripVTControlCharacters(text).length;

/** Cuts a text to a length, with a mark where something is gone. */
export function cut(text: string, length: number): string {
  return seen(text) <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** A table whose columns are as wide as their widest cell; the last one is cut to the terminal. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, index) => Math.max(seen(title), ...rows.map((row) => seen(row[index] ?? ""))));
  const before = widths.slice(0, -1).reduce((total, each) => total + each + 2, 0);
  const last = Math.max(8, width() - before);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        if (index === columns.length - 1)
          return columns[index]?.right ? cell.padStart(widths[index] ?? 0) : cut(cell, last);
        const space = " ".repeat(Math.max(0, (widths[index] ?? 0) - seen(cell)));
        return columns[index]?.right ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [paint("bold", line(columns.map(({ title }) => title))), ...rows.map(line)].join("\n");
}
