import type { Problem } from "../errors.ts";
import { shown } from "../errors.ts";
import type { AuthOptions } from "./auth.ts";
import type { ServeOptions } from "./serve.ts";

/** Every problem of a server's options, before anything is listened at. Credentials are not shown. */
export function checkOptions(options: ServeOptions): Problem[] {
  const problems: Problem[] = [];
  const report = (code: string, path: string, why: string, fix: string) =>
    problems.push({ code, path: `serve.${path}`, why, fix });
  const { port = 9464, path = "/metrics", host = "127.0.0.1", maxConcurrent = 16, maxConnections = 128 } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    report("SERVER_PORT", "port", `${shown(port)} is not a port.`, "Give a number from 0 to 65535.");
  }
  if (typeof host !== "string" || host === "") {
    report("SERVER_HOST", "host", `${shown(host)} is not an address.`, "Write 0.0.0.0 for all.");
  }
  if (typeof path !== "string" || !/^\/[^?#\s]*[^?#\s/]$/.test(path) || /^\/health(\/|$)/.test(path)) {
    const fix = "Begin it with a slash, end it without one, and leave /health to the health checks.";
    report("SERVER_PATH", "path", `${shown(path)} is not a path for metrics.`, fix);
  }
  const paths = Object.entries(options.health?.paths ?? {});
  for (const [probe, probePath] of paths) {
    const isPath = typeof probePath === "string" && /^\/[^?#\s]*[^?#\s/]$/.test(probePath);
    const taken = probePath === path || String(probePath).startsWith(`${path}/`) || /^\/health(\/|$)/.test(probePath);
    const twice = paths.some(([other, otherPath]) => other !== probe && otherPath === probePath);
    if (isPath && !taken && !twice) continue;
    const why = `${shown(probePath)} is not a path, or answers something else already.`;
    report("SERVER_PATH", `health.paths.${probe}`, why, "Write a path of its own, such as /livez.");
  }
  for (const name of ["requestTimeoutMs", "maxConcurrent", "maxConnections"] as const) {
    const value = options[name];
    if (value === undefined || (Number.isFinite(value) && value >= 1)) continue;
    report("SERVER_LIMIT", name, `${shown(value)} is not a number from 1 on.`, "Leave it out for the default.");
  }
  if (maxConnections < 2 * maxConcurrent) {
    const fix = `Allow at least ${2 * maxConcurrent}.`;
    report("SERVER_LIMIT", "maxConnections", "scrapes alone could take all connections.", fix);
  }
  return [...problems, ...checkAuth(options.auth)];
}

/** Credentials that are missing, or empty, would let in whoever sends none. */
function checkAuth(auth: AuthOptions | undefined): Problem[] {
  if (auth === undefined) return [];
  const problems: Problem[] = [];
  const report = (path: string, why: string, fix: string) =>
    problems.push({ code: "SERVER_AUTH", path: `serve.${path}`, why, fix });
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  const given = auth as { basic?: { username?: unknown; password?: unknown }; bearer?: { token?: unknown } } | null;
  if (given?.basic == null && given?.bearer == null) {
    report("auth", "it names no credentials.", "Give basic or bearer, or leave auth out.");
  }
  if (given?.basic != null) {
    const { username, password } = given.basic;
    if (!isText(username) || String(username).includes(":")) {
      report("auth.basic.username", "it is empty, no text, or has a colon.", "Give a name without colons (RFC 7617).");
    }
    if (!isText(password)) report("auth.basic.password", "it is empty or no text.", "Give a password.");
  }
  if (given?.bearer != null && !isText(given.bearer.token)) {
    report("auth.bearer.token", "it is empty or no text.", "Give a token.");
  }
  return problems;
}
