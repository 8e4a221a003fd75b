/** A mistake in a component's props that the program itself would accept, or report only when it starts. */
export interface Finding {
  /** Stable error code, one per kind of mistake: `skopos explain CODE` describes it. */
  readonly code: `SKP12${string}`;
  /** The prop at fault, `retention.loki`. */
  readonly at: string;
  /** What is wrong, with the value found. */
  readonly message: string;
  /** What to set instead. */
  readonly fix: string;
}

/** Props that a component cannot be deployed with: every finding at once. */
export class InvalidPropsError extends Error {
  readonly findings: readonly Finding[];

  /** @param component the component's folder. @param name the instance. */
  constructor(component: string, name: string, findings: readonly Finding[]) {
    const lines = findings.map(({ code, at, message, fix }) => `  ${code} ${at}: ${message}; use ${fix}`);
    super([`invalid props of ${component} "${name}":`, ...lines].join("\n"));
    this.name = "InvalidPropsError";
    this.findings = findings;
  }
}

/** Returns if there are no findings. @throws InvalidPropsError listing all of them */
export function assertValid(component: string, name: string, findings: readonly Finding[]): void {
  if (findings.length > 0) throw new InvalidPropsError(component, name, findings);
}
