import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { until } from "../support/wait.ts";
import { newPlace } from "./daemon.ts";
import { startWatchdog } from "./watchdog.ts";

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A program that owns a watchdog, a folder and a daemon, tells their names, and waits to be killed. */
const owner = `
import { newPlace } from "${join(import.meta.dirname, "daemon.ts")}";
import { startWatchdog } from "${join(import.meta.dirname, "watchdog.ts")}";
const directory = process.argv[2];
const watchdog = startWatchdog();
watchdog.add({ directory });
const place = newPlace(directory, watchdog);
place.start("sleeper", "sh", ["-c", "echo $$ > pid; exec sleep 600"]);
console.log("started");
setInterval(() => {}, 1000);
`;

describe("the watchdog", () => {
  it("ends processes and removes folders when it is closed", async () => {
    const directory = mkdtempSync(join(tmpdir(), "skopos-watchdog-"));
    const watchdog = startWatchdog();
    watchdog.add({ directory });
    const child = spawn("sleep", ["600"]);
    const ended = once(child, "exit");
    watchdog.add({ pid: child.pid! });
    await watchdog.close();
    expect((await ended)[1]).toBe("SIGKILL");
    expect(existsSync(directory)).toBe(false);
  });

  it("leaves alone what has ended by itself, whose number may be another's", async () => {
    const watchdog = startWatchdog();
    const other = spawn("sleep", ["600"]);
    watchdog.add({ pid: other.pid! });
    watchdog.add({ ended: other.pid! });
    await watchdog.close();
    expect(other.exitCode ?? other.signalCode).toBe(null);
    expect(isAlive(other.pid!)).toBe(true);
    other.kill("SIGKILL");
  });

  it("does the same when its owner is killed with SIGKILL", async () => {
    const directory = mkdtempSync(join(tmpdir(), "skopos-watchdog-"));
    const program = join(directory, "owner.mts");
    writeFileSync(program, owner);
    const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
    await once(createInterface({ input: child.stdout }), "line");
    const pid = await until(
      "the daemon's number",
      () => Number(readFileSync(join(directory, "pid"), "utf8")) || undefined,
    );
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    await until("the daemon and the folder to be gone", () => !isAlive(pid) && !existsSync(directory));
  });

  it("tells why a daemon is not ready, with what it wrote last", async () => {
    const directory = mkdtempSync(join(tmpdir(), "skopos-watchdog-"));
    const watchdog = startWatchdog();
    watchdog.add({ directory });
    const daemon = newPlace(directory, watchdog).start("failing", "sh", ["-c", "echo no such key; exit 3"]);
    await expect(daemon.ready(() => Promise.reject(new Error("not yet")))).rejects.toThrow(
      "failing ended (exit code 3):\nno such key",
    );
    await watchdog.close();
  });
});
