// `npm start`: previews the dev stack, or another one with `npm start -- --stack prod`.
import { ensureInstalled, runPinned } from "./bootstrap.mjs";

ensureInstalled();
runPinned("cli/main.ts", ["preview", ...process.argv.slice(2)]);
