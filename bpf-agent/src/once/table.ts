import { bytesText, type FlowRow } from "./flow-row.ts";

interface Column {
  readonly title: string;
  /** Widest content; addresses share what is left instead. */
  readonly width: number | "address";
  readonly right?: boolean;
  /** Columns with the highest number are left out first where there is little room. */
  readonly drop: number;
  text(row: FlowRow): string;
}

const columns: readonly Column[] = [
  { title: "PROTO", width: 6, drop: 2, text: ({ transport }) => transport },
  { title: "SOURCE", width: "address", drop: 0, text: ({ source }) => source },
  { title: "DESTINATION", width: "address", drop: 0, text: ({ destination }) => destination },
  { title: "SENT", width: 7, right: true, drop: 3, text: ({ sent }) => bytesText(sent) },
  { title: "RECEIVED", width: 8, right: true, drop: 3, text: ({ received }) => bytesText(received) },
  {
    title: "RATE",
    width: 9,
    right: true,
    drop: 1,
    text: (row) => (row.ended ? "ended" : `${bytesText(rateOf(row))}/s`),
  },
  { title: "STATE", width: 12, drop: 4, text: ({ state }) => state },
];

/** An IPv4 address with its port. */
const SHORTEST_ADDRESS = 21;
const GAP = 2;

/** Bytes per second of a flow's last record; a record of a single packet covers no time. */
export const rateOf = ({ bytes, seconds }: FlowRow): number => bytes / Math.max(1, seconds);

/** Lines of a table, the title first, none wider than `width`. */
export function tableLines(rows: readonly FlowRow[], width: number): string[] {
  const { shown, address } = fitted(width);
  const line = (text: (column: Column) => string) =>
    shown
      .map((column) => {
        const cell = column.width === "address" ? address : column.width;
        const value = shortened(text(column), cell);
        return column.right ? value.padStart(cell) : value.padEnd(cell);
      })
      .join(" ".repeat(GAP))
      .slice(0, width)
      .trimEnd();
  return [line(({ title }) => title), ...rows.map((row) => line((column) => column.text(row)))];
}

/** The columns that fit, and the width of an address. */
function fitted(width: number): { shown: readonly Column[]; address: number } {
  for (let most = 4; ; most--) {
    const shown = columns.filter(({ drop }) => drop <= most);
    const fixed = shown.reduce((sum, column) => sum + (column.width === "address" ? 0 : column.width) + GAP, -GAP);
    const address = Math.floor((width - fixed) / 2);
    if (address >= SHORTEST_ADDRESS || most === 0) return { shown, address: Math.max(4, Math.min(address, 56)) };
  }
}

/** The end of an address and its port say more than its beginning; of a pod's name as well. */
const shortened = (text: string, width: number): string =>
  text.length <= width ? text : `\u2026${text.slice(text.length - width + 1)}`;
