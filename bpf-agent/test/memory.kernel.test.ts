/** The addon built with AddressSanitizer and UndefinedBehaviorSanitizer, and the memory of many loads and unloads. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildAddon, whenStale } from "../build.ts";
import { builtAddon } from "./harness.ts";

const addon = "dist/sanitized/flow_reader.node";
const sanitizer = (name: string) => execFileSync("cc", [`-print-file-name=${name}`], { encoding: "utf8" }).trim();
const exercise = new URL("./exercise.ts", import.meta.url).pathname;

beforeAll(() => {
  builtAddon();
  whenStale(addon, ["native", "kernel"], () =>
    buildAddon({ output: addon, flags: ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-O1"] }),
  );
});

describe("sanitizers", () => {
  const run = (mode: string) =>
    spawnSync(process.execPath, [exercise, new URL(`../${addon}`, import.meta.url).pathname, mode], {
      encoding: "utf8",
      env: {
        ...process.env,
        LD_PRELOAD: `${sanitizer("libasan.so")} ${sanitizer("libubsan.so")}`,
        // Node itself leaves memory to the end of the process.
        ASAN_OPTIONS: "detect_leaks=0:abort_on_error=0:exitcode=99",
        UBSAN_OPTIONS: "halt_on_error=1:exitcode=98:print_stacktrace=1",
      },
    });

  test("loading, counting, scanning, ending, attaching and closing are clean", () => {
    const { status, stdout, stderr } = run("cycle");
    expect(stderr).not.toMatch(/AddressSanitizer|runtime error/);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "cycle done\n" });
  });

  test("the addon that ran is the sanitized one", () => {
    const binary = readFileSync(new URL(`../${addon}`, import.meta.url));
    for (const symbol of ["__asan_report_load8", "__ubsan_handle_type_mismatch"])
      expect(binary.includes(symbol)).toBe(true);
  });
});

test("memory stays bounded over load and unload cycles", () => {
  const output = execFileSync(process.execPath, ["--expose-gc", exercise, "", "rss"], { encoding: "utf8" });
  const [warm, after] = output.trim().split(" ").map(Number);
  console.log(`resident after 20 cycles ${(warm! / 1e6).toFixed(1)} MB, after 80 ${(after! / 1e6).toFixed(1)} MB`);
  // A leak of one reader's memory a cycle would be 60 x 6 MB and more.
  expect(after! - warm!).toBeLessThan(30e6);
});
