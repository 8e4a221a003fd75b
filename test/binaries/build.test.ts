import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram, goBinaryName, selectPrograms } from "./build.ts";
import { cacheRoot, goToolchain, programDirectory, staleBuilds } from "./cache.ts";
import { findProgram, type Program } from "./catalogue.ts";
import { programPath } from "./find.ts";
import { tryLock } from "./lock.ts";

const scratch = mkdtempSync(join(tmpdir(), "skopos-build-"));
const hello: Program = { name: "hello", module: "example.com/hello", binaries: { greet: "." } };
const folder = join(scratch, "hello");

beforeEach((context) => {
  if (goToolchain() === undefined) context.skip("no Go on PATH");
  // Go's own cache follows XDG_CACHE_HOME too: keep it, or the standard library is compiled anew for each test.
  vi.stubEnv("GOCACHE", execFileSync("go", ["env", "GOCACHE"], { encoding: "utf8" }).trim());
  vi.stubEnv("XDG_CACHE_HOME", join(scratch, "cache"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "go.mod"), "module example.com/hello\n\ngo 1.24\n");
  writeFileSync(join(folder, "main.go"), 'package main\n\nfunc main() { println("hello") }\n');
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const made of [folder, join(scratch, "cache")]) rmSync(made, { recursive: true, force: true });
});
afterAll(() => rmSync(scratch, { recursive: true }));

const cached = () => readdirSync(cacheRoot()).filter((entry) => entry !== "locks");

describe("building a program", () => {
  test("makes its binaries under their own names, once", async () => {
    const said: string[] = [];
    const { directory, cpuSeconds } = await buildProgram(hello, (line) => said.push(line), folder);
    expect(readdirSync(directory)).toEqual(["greet"]);
    expect(said).toEqual(["hello: building", expect.stringMatching(/^hello: built in \d+ s, \d+ s of CPU time$/)]);
    expect(cpuSeconds).toBeGreaterThan(0);
    expect(await buildProgram(hello, (line) => said.push(line), folder)).toEqual({
      name: "hello",
      directory,
      cpuSeconds: 0,
    });
    expect(said).toHaveLength(2);
    expect(cached()).toHaveLength(1);
  });

  test("happens once when two processes ask at the same time", async () => {
    const script = `const { buildProgram } = await import(${JSON.stringify(join(import.meta.dirname, "build.ts"))});
      await buildProgram(${JSON.stringify(hello)}, console.log, ${JSON.stringify(folder)});`;
    const run = async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      child.stdout.on("data", (chunk) => {
        said += chunk;
      });
      const [code] = await once(child, "close");
      return { code, said };
    };
    const [one, two] = await Promise.all([run(), run()]);
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(`${one.said}${two.said}`.match(/: building$/gm)).toHaveLength(1);
    expect(cached()).toHaveLength(1);
  });

  test("that fails says what the compiler said and leaves nothing", async () => {
    writeFileSync(join(folder, "main.go"), "package main\n\nfunc main() { undefined() }\n");
    await expect(buildProgram(hello, () => {}, folder)).rejects.toThrow(
      /hello: go build failed \(1\)[\s\S]*undefined: undefined/,
    );
    expect(cached()).toEqual([]);
  });

  test("clears what a killed builder left, of this program only", async () => {
    for (const left of [".building-hello.abc", ".building-hello-world.abc"]) {
      mkdirSync(join(cacheRoot(), left), { recursive: true });
    }
    await buildProgram(hello, () => {}, folder);
    expect(cached()).toEqual([".building-hello-world.abc", expect.stringMatching(/^hello-[0-9a-f]{16}$/)]);
  });
});

test("a builder that waits for another one ends on SIGTERM", async () => {
  using _held = tryLock(join(cacheRoot(), "locks/etcd.lock"));
  const child = spawn(process.execPath, [join(import.meta.dirname, "build.ts"), "etcd"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await vi.waitUntil(() => said.includes("another process is building it, waiting"), { timeout: 60_000 });
  child.kill("SIGTERM");
  expect((await once(child, "close"))[0]).toBe(1);
});

test("stale builds are other versions of our programs, nothing else in the cache", () => {
  const current = basename(programDirectory(findProgram("etcd")!)!);
  const stale = ["etcd-0123456789abcdef", "prometheus-operator-0123456789abcdef"];
  for (const entry of [current, ...stale, "stand-in-0123456789abcdef", "etcd-tools", "locks"]) {
    mkdirSync(join(cacheRoot(), entry), { recursive: true });
  }
  expect(staleBuilds().map((directory) => basename(directory))).toEqual(stale);
});

test.each([
  ["k8s.io/kubernetes/cmd/kubelet", "kubelet"],
  ["go.etcd.io/etcd/server/v3", "server"],
  ["k8s.io/kube-state-metrics/v2", "kube-state-metrics"],
  ["./prometheus-config", "prometheus-config"],
  [".", "hello"],
])("go build names the binary of %s %s", (mainPackage, name) => {
  expect(goBinaryName(mainPackage, hello)).toBe(name);
});

test("selects programs by their own name or a binary's, and reports every unknown name at once", () => {
  expect(selectPrograms(["etcd", "promtool"]).map((program) => program.name)).toEqual(["etcd", "prometheus"]);
  expect(() => selectPrograms(["etc", "etcd", "kubelets"])).toThrow(
    /^no such program: etc, kubelets; there are otelcol, /,
  );
});

test("a binary of the catalogue is found in the cache only, any other program on PATH", () => {
  const bin = join(scratch, "bin");
  mkdirSync(bin);
  for (const name of ["etcd", "alloy"]) writeFileSync(join(bin, name), "", { mode: 0o755 });
  writeFileSync(join(bin, "tempo"), "");
  vi.stubEnv("PATH", bin);
  expect(programPath("etcd")).toBeUndefined();
  expect(programPath("alloy")).toBe(join(bin, "alloy"));
  expect(programPath("tempo")).toBeUndefined();
  expect(existsSync(cacheRoot())).toBe(false);
});
