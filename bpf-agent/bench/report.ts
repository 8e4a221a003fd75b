/** One measured figure. `ratio` above 1 means ours is better; `peer` is null where there is none. */
export interface Figure {
  readonly suite: string;
  readonly case: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly ratio: number | null;
  /** For people: what the figure means, and the target it is held against. Not in the JSON. */
  readonly note?: string;
}

const json = process.argv.includes("--json");
const round = (value: number) => Number(value.toPrecision(4));

/** Prints a figure: as one JSON object a line with `--json`, else as a line of text. */
export function report({ note, ...figure }: Omit<Figure, "ratio">): void {
  const { ours, peer } = figure;
  const ratio = peer === null || ours === 0 ? null : peer / ours;
  if (json) {
    const line = {
      ...figure,
      ours: round(ours),
      peer: peer === null ? null : round(peer),
      ratio: ratio && round(ratio),
    };
    console.log(JSON.stringify(line));
    return;
  }
  const against = peer === null ? "" : `, ${figure.peerName} ${round(peer)}`;
  console.log(`${figure.suite}/${figure.case}: ${round(ours)} ${figure.unit}${against}${note ? ` (${note})` : ""}`);
}

/** For throughput, where more is better. */
export function reportRate(figure: Omit<Figure, "ratio"> & { readonly peer: number }): void {
  const { note, ...rest } = figure;
  const ratio = figure.ours / figure.peer;
  if (json)
    console.log(JSON.stringify({ ...rest, ours: round(figure.ours), peer: round(figure.peer), ratio: round(ratio) }));
  else
    console.log(
      `${figure.suite}/${figure.case}: ${round(figure.ours)} ${figure.unit}, ${figure.peerName} ${round(figure.peer)} (${(ratio * 100).toFixed(1)} %${note ? `, ${note}` : ""})`,
    );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
