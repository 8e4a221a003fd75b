import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stackNames } from "./variants.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-determinism-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Renders a stack in a process of its own, on what looks like another machine. */
function render(stack: string, machine: Readonly<Record<string, string>>): Record<string, string> {
  const out = join(folder, `${stack}-${machine.TZ?.replace("/", "-")}`);
  execFileSync(process.execPath, ["bin/skopos.mjs", "render", "--stack", stack, "--out", out], {
    env: { PATH: process.env.PATH, ...machine },
    stdio: "pipe",
  });
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(out.length), readFileSync(path, "utf8")];
    }),
  );
}

test.each(stackNames)("%s renders to the same bytes on two machines", (stack) => {
  const here = render(stack, { LANG: "C", LC_ALL: "C", TZ: "UTC", HOME: "/nonexistent", HOSTNAME: "one" });
  const there = render(stack, {
    LANG: "tr_TR.UTF-8",
    LC_ALL: "tr_TR.UTF-8",
    TZ: "Asia/Tokyo",
    HOME: folder,
    HOSTNAME: "two",
  });
  expect(Object.keys(here).length).toBeGreaterThan(10);
  expect(there).toEqual(here);
});

test("render never loads Pulumi", () => {
  const hooks = join(folder, "hooks.mjs");
  const seen = join(folder, "seen.json");
  writeFileSync(
    hooks,
    `import { registerHooks } from "node:module";
     import { writeFileSync } from "node:fs";
     const seen = [];
     registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
     process.on("exit", () => writeFileSync(${JSON.stringify(seen)}, JSON.stringify(seen)));`,
  );
  const out = join(folder, "hooked");
  execFileSync(process.execPath, ["--import", hooks, "bin/skopos.mjs", "render", "--stack", "dev", "--out", out], {
    stdio: "pipe",
  });
  const loaded: string[] = JSON.parse(readFileSync(seen, "utf8"));
  expect(loaded.length).toBeGreaterThan(20);
  expect(loaded.filter((url) => url.includes("@pulumi"))).toEqual([]);
});
