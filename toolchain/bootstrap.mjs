// What `npm start`, `npm test` and `npx skopos` do first, on any Node >= 18: install the locked packages if they are
// missing or outdated, then run under the Node that package-lock.json pins. Uses Node's built-in modules only.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const stamp = join(root, "node_modules", ".skopos-lock");

/** Runs `npm ci` unless node_modules was installed from this package-lock.json. Exits with npm's code if it fails. */
export function ensureInstalled() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("installing the locked npm packages (once, about half a minute) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const done = spawnSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (done.status !== 0) {
    console.error("npm ci failed: check that the npm registry is reachable and that package-lock.json is unchanged");
    process.exit(done.status ?? 1);
  }
  writeFileSync(stamp, lock);
}

/** Path of the pinned Node, or of the running one if there is no package for this platform. */
export function pinnedNode() {
  for (const name of ["node", "node.exe"]) {
    const path = join(root, "node_modules", ".bin", name);
    if (existsSync(path)) return path;
  }
  return process.execPath;
}

/**
 * Runs a script of the repository under the pinned Node and exits with its code.
 * @param {string} script path relative to the root, `.ts` or `.mjs`
 * @param {string[]} args
 */
export function runPinned(script, args) {
  const bin = join(root, "node_modules", ".bin");
  const child = spawn(pinnedNode(), [join(root, script), ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${bin}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}` },
  });
  // A terminal sends Ctrl-C to the child as well; other signals reach this process only. The child decides when to exit.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`could not start the pinned Node: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
}
