import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { parseConfig } from "./config/load.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "agent.yaml");

function run(args: readonly string[], env: Record<string, string> = {}) {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=skopos-source", main, ...args],
    options,
  );
  return { status, stdout, stderr };
}

test("--print-config prints the file's and the environment's settings, as a file that can be read again", () => {
  writeFileSync(file, "flows: {pollInterval: 5s, max: 4096}\n");
  const { status, stdout } = run(["--print-config", "--config", file], { SKOPOS_FLOW_AGENT__FLOWS__MAX: "2048" });
  expect(status).toBe(0);
  expect(parseConfig(stdout, "printed").flows).toMatchObject({ pollInterval: "5s", max: 2048, recordInterval: "1m" });
});

test("--check-config names every mistake with its place, and nothing else", () => {
  writeFileSync(file, "flows:\n  max: 1\nserver: {prot: 1}\n");
  const { status, stdout, stderr } = run(["--check-config", file], { SKOPOS_FLOW_AGENT__POLLERS__COUNT: "0" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  const lines = stderr.trimEnd().split("\n");
  expect(lines.map((line) => line.replace(`${file}:`, "").split(" ", 2).join(" "))).toEqual([
    "2: flows.max",
    "SKOPOS_FLOW_AGENT__POLLERS__COUNT: pollers.count",
    "3: server.prot",
  ]);
  writeFileSync(file, "");
  expect(run(["--check-config", file])).toMatchObject({ status: 0, stderr: "" });
});

test.each([
  [["--json"], /--json and --for belong to --once/],
  [["--once", "--for", "soon"], /--for soon is not a duration/],
  [["--nope"], /Unknown option '--nope'/],
])("%j is a wrong command line, said in one line", (args, message) => {
  const { status, stderr } = run(args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test("a configuration that cannot be used ends the agent before it does anything", () => {
  const { status, stderr } = run(["--config", join(folder, "missing.yaml")]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^\S+missing\.yaml: cannot be read: ENOENT/),
  });
});
