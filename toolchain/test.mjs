// `npm test`: every check and test tier that can run here; see test/run.ts.
import { ensureInstalled, runPinned } from "./bootstrap.mjs";

ensureInstalled();
runPinned("test/run.ts", process.argv.slice(2));
