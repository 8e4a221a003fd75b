/** Codes of the mistakes that components find in their own props. Each has one meaning: see `problemCatalogue`. */
export type FindingCode =
  | "SKP1207"
  | "SKP1211"
  | "SKP1212"
  | "SKP1214"
  | "SKP1215"
  | "SKP1221"
  | "SKP1222"
  | "SKP1223"
  | "SKP1224"
  | "SKP1225"
  | "SKP1226"
  | "SKP1227"
  | "SKP1228"
  | "SKP1229"
  | "SKP1230"
  | "SKP1231"
  | "SKP1232"
  | "SKP1233"
  | "SKP1234";

/** A mistake in a component's props that the program itself would accept, or report only when it starts. */
export interface Finding {
  /** Stable error code, one per kind of mistake: `skopos explain CODE` describes it. */
  readonly code: FindingCode;
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
