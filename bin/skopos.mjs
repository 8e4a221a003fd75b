#!/usr/bin/env node
// The `skopos` command: in the repository it runs the TypeScript as it is, under the pinned Node; from an installed
// package the built JavaScript, under the Node that `engines` asks for.
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
  console.error(`skopos needs Node >= 22.18; this is ${process.versions.node}.`);
  process.exit(1);
} else {
  await import(inRepository ? "../cli/main.ts" : "../dist/cli/main.js");
}
