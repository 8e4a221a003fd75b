/** A mistake in a configuration. */
export interface ConfigProblem {
  /** Which setting, such as flows.timeouts.tcp; "" for all of it. */
  readonly path: string;
  /** The file and line, such as agent.yaml:3, or the environment variable. */
  readonly place: string;
  readonly message: string;
}

/** A configuration that cannot be used, with every mistake in it. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(
      problems.map(({ path, place, message }) => `${place}: ${path === "" ? "" : `${path} `}${message}`).join("\n"),
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}
