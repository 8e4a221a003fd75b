/** Why a diff could not be made: what a user can do something about. */
export class DiffInputError extends Error {
  /** What to do about it. */
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.name = "DiffInputError";
    this.fix = fix;
  }
}
