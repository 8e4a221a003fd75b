import { sharedRegistry } from "../src/index.ts";

// The same module in every thread: here, counts once and ends.
const work = sharedRegistry().metric({ name: "work_total", type: "counter", help: "Test.", labels: { part: "any" } });
work.inc({ part: "a" });
