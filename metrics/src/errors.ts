/** One thing that is wrong: what the reader of an error message needs to correct it. */
export interface Problem {
  /** Stable identifier, e.g. `METRIC_LABEL_UNKNOWN`. */
  readonly code: string;
  /** Where: a metric name, `metric.label`, or a configuration path. */
  readonly path: string;
  /** What is wrong, in one sentence. */
  readonly why: string;
  /** What to do about it. */
  readonly fix: string;
}

/**
 * A mistake of the caller. It carries every problem that was found at once, so that nobody repairs them one by one.
 * `code` is the first problem's code.
 */
export class MetricsError extends Error {
  override readonly name = "MetricsError";
  readonly code: string;
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]]) {
    super(problems.map((p) => `${p.code} at ${p.path}: ${p.why} ${p.fix}`).join("\n"));
    this.code = problems[0].code;
    this.problems = problems;
  }
}

/** Throws {@link MetricsError} with all `problems` when there is at least one. */
export function throwIfAny(problems: readonly Problem[]): void {
  const [first, ...rest] = problems;
  if (first) throw new MetricsError([first, ...rest]);
}

/** A {@link MetricsError} with a single problem. */
export function mistake(code: string, path: string, why: string, fix: string): MetricsError {
  return new MetricsError([{ code, path, why, fix }]);
}

/** A wrong value as an error message shows it: short, and without calling anything of it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "number" || typeof value === "boolean" || value == null) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
