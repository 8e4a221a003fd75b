import { MetricsError } from "../src/errors.ts";

/** Codes of the problems that `act` throws; none when it does not. */
export function codesOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof MetricsError) return error.problems.map((problem) => problem.code);
    throw error;
  }
  return [];
}
