#!/usr/bin/env node
// The `skopos` command. In the repository it runs the TypeScript directly, under the pinned Node; in an installed package
// it runs the built JavaScript, under the Node that `engines` requires.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const inRepository = existsSync(join(home, "cli", "main.ts"));
const [major, minor] = process.versions.node.split(".").map(Number);
const newEnough = major > 22 || (major === 22 && minor >= 18);

if (inRepository && !newEnough) {
  const { ensureInstalled, runPinned } = await import("../toolchain/bootstrap.mjs");
  ensureInstalled();
  runPinned("bin/skopos.mjs", process.argv.slice(2));
} else if (!newEnough) {
  console.error(`skopos needs Node >= 22.18, but this is ${process.versions.node}.`);
  process.exit(2);
} else {
  // Compiled code is kept in the folder for temporary files: a later run starts in about two thirds of the time.
  // An older Node does not have the function: a static import would end with a stack trace before the message above.
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  await import(inRepository ? "../cli/main.ts" : "../dist/cli/main.js");
}
