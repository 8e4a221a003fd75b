/** Codes of the mistakes that components find in their own props. Each has one meaning: see `problemCatalogue`. */
export type FindingCode =
  | "SKP1011"
  | "SKP1012"
  | "SKP1014"
  | "SKP1015"
  | "SKP1016"
  | "SKP1204"
  | "SKP1207"
  | "SKP1209"
  | "SKP1211"
  | "SKP1213"
  | "SKP1214"
  | "SKP1215"
  | "SKP1216"
  | "SKP1219"
  | "SKP1221"
  | "SKP1222"
  | "SKP1223"
  | "SKP1225"
  | "SKP1226"
  | "SKP1227"
  | "SKP1229"
  | "SKP1230"
  | "SKP1231"
  | "SKP1233"
  | "SKP1241"
  | "SKP1242"
  | "SKP1244"
  | "SKP1247"
  | "SKP1248"
  | "SKP1255"
  | "SKP1260"
  | "SKP1262"
  | "SKP1263"
  | "SKP1271"
  | "SKP1280"
  | "SKP1301"
  | "SKP1302"
  | "SKP1303"
  | "SKP1304"
  | "SKP1305"
  | "SKP1306"
  | "SKP1307"
  | "SKP1308"
  | "SKP1309"
  | "SKP1310"
  | "SKP1311"
  | "SKP1312"
  | "SKP1313"
  | "SKP1314"
  | "SKP1315"
  | "SKP1318"
  | "SKP1319"
  | "SKP1320"
  | "SKP1321"
  | "SKP1322"
  | "SKP1323"
  | "SKP1324";

/** One invalid prop of a component: a mistake that the program itself would accept, or report only at start. */
export interface Finding {
  /** Stable error code: `skopos explain CODE` describes it. */
  readonly code: FindingCode;
  /** The prop or setting, `retention.loki`. */
  readonly at: string;
  /** What is wrong, with the value found. */
  readonly message: string;
  /** What to set instead. */
  readonly fix: string;
}

/** Thrown by a chart whose props are invalid, with every finding at once. */
export class InvalidPropsError extends Error {
  /** The chart's class, `LokiChart`. */
  readonly component: string;
  readonly findings: readonly Finding[];
  /** By this mark, Pulumi prints the message of an error without a stack trace. @see https://www.pulumi.com/docs/reference/pkg/nodejs/pulumi/pulumi/classes/RunError.html */
  readonly __pulumiRunError = true;

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
