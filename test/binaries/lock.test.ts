import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { lockOneOf, tryLock } from "./lock.ts";

const scratch = mkdtempSync(join(tmpdir(), "skopos-lock-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Another process that takes the lock and keeps it until it is killed. */
async function holder(path: string) {
  const module = join(import.meta.dirname, "lock.ts");
  const script = `const { tryLock } = await import(${JSON.stringify(module)});
    const lock = tryLock(${JSON.stringify(path)});
    console.log(lock === undefined ? "refused" : "locked");
    setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

test("only one holder at a time, and the next one when it lets go", () => {
  const path = join(scratch, "sub", "one.lock");
  const first = tryLock(path);
  expect(first).toBeDefined();
  expect(tryLock(path)).toBeUndefined();
  first![Symbol.dispose]();
  const second = tryLock(path);
  expect(second).toBeDefined();
  second![Symbol.dispose]();
});

test("locks hold between processes, and a killed holder leaves nothing behind", async () => {
  const path = join(scratch, "two.lock");
  const { child, said } = await holder(path);
  expect(said).toBe("locked");
  expect(tryLock(path)).toBeUndefined();
  child.kill("SIGKILL");
  await once(child, "close");
  using lock = tryLock(path);
  expect(lock).toBeDefined();
  expect((await holder(path)).said).toBe("refused");
});

test("of several locks the first free one is taken; with none free there is a wait", async () => {
  const paths = ["three.lock", "four.lock"].map((name) => join(scratch, name));
  const first = await lockOneOf(paths);
  using _second = await lockOneOf(paths);
  let waits = 0;
  const third = lockOneOf(paths, () => {
    waits++;
    first[Symbol.dispose]();
  });
  (await third)[Symbol.dispose]();
  expect(waits).toBe(1);
});

test("a lock file that cannot be made is an error, not a wait", async () => {
  await expect(lockOneOf([join(scratch, "one.lock\0")])).rejects.toThrow();
  expect(() => tryLock(scratch)).toThrow(/open/);
});
