import { type Command, CommanderError } from "commander";

/** A command that cannot do what it was asked: one line for the user, exit code 2. */
export class CommandFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandFailure";
  }
}

/** Makes a wrong command line end with 2 where 1 means a finding or a change. */
export function usageErrorsExitWith2(command: Command): Command {
  return command.exitOverride((error) => {
    throw error.exitCode === 0 ? error : new CommanderError(2, error.code, error.message);
  });
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
