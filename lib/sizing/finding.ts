/** One invalid prop of a component: a mistake that the program itself would accept, or report only at start. */
export interface Finding {
  /** The problem's stable code: `SKP1212` a number that makes no sense, `SKP1214` more than the backend carries, `SKP1215` replicas that share nothing. */
  readonly code: "SKP1207" | "SKP1211" | "SKP1212" | "SKP1214" | "SKP1215";
  /** The prop or setting, `retention.loki`. */
  readonly at: string;
  /** What is wrong, with the value found. */
  readonly message: string;
  /** What to state instead. */
  readonly fix: string;
}

/** Thrown by a chart whose props are invalid, with every finding at once. */
export class InvalidPropsError extends Error {
  /** The chart's class, `LokiChart`. */
  readonly component: string;
  readonly findings: readonly Finding[];

  constructor(component: string, name: string, findings: readonly Finding[]) {
    const listed = findings.map(({ code, at, message, fix }) => `${code} ${at}: ${message}\n  fix: ${fix}`);
    super(`invalid props of ${component} "${name}"\n${listed.join("\n")}`);
    this.name = "InvalidPropsError";
    this.component = component;
    this.findings = findings;
  }
}

/**
 * Ends the construction of a chart with invalid props.
 * @param component the chart's class, `LokiChart`
 * @param name the chart's id
 * @throws InvalidPropsError unless there are no findings
 */
export function assertValid(component: string, name: string, findings: readonly Finding[]): void {
  if (findings.length > 0) throw new InvalidPropsError(component, name, findings);
}
