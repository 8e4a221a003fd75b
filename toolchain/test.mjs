// `npm test`: runs every check and test tier that this machine supports; see test/run.ts.
import { ensureInstalled, runPinned } from "./bootstrap.mjs";

ensureInstalled();
runPinned("test/run.ts", process.argv.slice(2));
