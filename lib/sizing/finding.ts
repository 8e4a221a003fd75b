/** What a component refuses: a mistake that the program itself would accept, or find only at start. */
export interface Finding {
  /** The problem's stable code: `SKP1212` a number that makes no sense, `SKP1214` more than the backend carries, `SKP1215` replicas that share nothing. */
  readonly code: "SKP1207" | "SKP1211" | "SKP1212" | "SKP1214" | "SKP1215";
  /** The prop or setting, `retention.lokiSeconds`. */
  readonly at: string;
  /** What is wrong, with the value found. */
  readonly message: string;
  /** What to state instead. */
  readonly fix: string;
}
