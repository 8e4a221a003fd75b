import type { ZodError } from "zod";

/** One thing that is wrong with a request, and what to do about it. */
export interface Problem {
  readonly code: string;
  /** Where in the request: `body.routes.0.cluster`, or a header. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** A request that cannot be served, with every problem of it. */
export class RequestError extends Error {
  readonly status: number;
  readonly problems: readonly Problem[];

  constructor(status: number, ...problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path} ${message}`).join("; "));
    this.status = status;
    this.problems = problems;
  }
}

export const unauthorized = (): RequestError =>
  new RequestError(401, {
    code: "UNAUTHORIZED",
    path: "authorization",
    message: "holds no valid token",
    fix: "Send the token of your team: Authorization: Bearer TOKEN",
  });

export const forbidden = (path: string, message: string): RequestError =>
  new RequestError(403, {
    code: "FORBIDDEN",
    path,
    message,
    fix: "Ask for resources of the team that the token belongs to.",
  });

export const notFound = (path: string): RequestError =>
  new RequestError(404, { code: "NOT_FOUND", path, message: "does not exist", fix: "List what there is." });

/** Everything that a schema finds wrong with a body. */
export const invalid = (error: ZodError, prefix = "body"): RequestError =>
  new RequestError(
    400,
    ...error.issues.map(({ path, message }) => ({
      code: "INVALID",
      path: [prefix, ...path].join("."),
      message,
      fix: "See the README for an example of each resource.",
    })),
  );
