import { CommanderError } from "commander";
import { ConfigurationError } from "../stacks/problem.ts";

/** A command that cannot do what it was asked: one line for the user, exit code 2. */
export class CommandFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandFailure";
  }
}

/**
 * 1 for a problem in the configuration; 2 for a wrong command line, which the name of a stack that does not exist is too,
 * and where a command could not be carried out.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError) return error.problems.some(({ code }) => code === "SKP1006") ? 2 : 1;
  return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
}

/** What the operating system's error codes mean. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
  ENOENT: "no such file or folder",
  EEXIST: "it already exists",
  ENAMETOOLONG: "the name is too long",
};

/** An input or output error as one line, or undefined if the error is not one. */
export function ioFailure(error: unknown): CommandFailure | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof code !== "string" || typeof syscall !== "string") return undefined;
  return new CommandFailure(`cannot ${syscall} ${path ?? "a file"}: ${reasons[code] ?? code}`);
}
