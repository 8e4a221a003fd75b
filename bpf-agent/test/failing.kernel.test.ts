/** Errors that seldom happen, made to happen: nothing is left behind, and no flow is lost. */
import { execFileSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { buildAddon, whenStale } from "../build.ts";
import { builtAddon } from "./harness.ts";

const output = "dist/test/failing.node";

beforeAll(() => {
  builtAddon();
  const sources = ["test/native/failing.c", "native/value.c", "native/failure.c"];
  whenStale(output, ["test/native", "native"], () => buildAddon({ output, sources, flags: ["-ldl"] }));
});

function run(mode: string) {
  const env = { ...process.env, LD_PRELOAD: new URL(`../${output}`, import.meta.url).pathname };
  const script = new URL("./failing.ts", import.meta.url).pathname;
  return JSON.parse(execFileSync(process.execPath, [script, mode], { env, encoding: "utf8" })) as unknown;
}

test("whichever call fails as a reader opens, no descriptor and no thread is left", () => {
  const { calls, codes, left } = run("openings") as { calls: number; codes: Record<string, number>; left: string[] };
  expect(left).toEqual([]);
  // Loading, mapping memory, each thread and each socket: every error has a code.
  expect(calls).toBeGreaterThan(100);
  expect(Object.keys(codes)).toEqual(
    expect.arrayContaining(["LOAD_FAILED", "MMAP_FAILED", "NETLINK_FAILED", "THREAD_FAILED"]),
  );
  expect(codes).not.toHaveProperty("none");
});

test("flows whose end failed are ended by the next, and their slots come back", () => {
  // Twenty times 64 flows, the first attempt to end them failing each time: in a map of 64.
  const all = { errors: 20, ended: 1280, packets: 1280, full: 0, live: 0 };
  expect(run("endings")).toEqual({ grace: all, deleteOne: all, deleteBatch: all });
});
