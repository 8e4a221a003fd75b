// Builds the real components that the tests run: `node test/binaries/build.ts [names | --all | --list]`.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endedChildrenCpuSeconds } from "../support/cpu.ts";
import {
  buildEnv,
  buildFlags,
  cacheRoot,
  goToolchain,
  isBuilt,
  linkFlags,
  programDirectory,
  staleBuilds,
} from "./cache.ts";
import { findProgram, type Program, programFolder, programs, programVersion } from "./catalogue.ts";
import { lockOneOf } from "./lock.ts";

/** What a build reports as it goes: one line, for people. */
export type Progress = (line: string) => void;

/** A program that is in the cache. */
export interface Build {
  /** The program's name. */
  readonly name: string;
  /** The folder of its binaries. */
  readonly directory: string;
  /** User and system time of the compilers. 0 where it was cached. */
  readonly cpuSeconds: number;
}

/** A builds-at-a-time limit of the machine, over all processes: more would only make each other slower. */
const slots = ["slot-1.lock", "slot-2.lock"];

const noGo = new Error("building real programs needs Go on PATH; the go.mod files in test/binaries/ say which version");

/** How often a running build says that it is still at it, in milliseconds. */
const heartbeat = 30_000;

/**
 * Builds one program unless the cache has it. Builders in other processes wait for each other, and the folder appears only when it is complete.
 *
 * @param folder the program's go.mod, go.sum and sources
 * @throws Error with the end of Go's output when the build fails, or when there is no Go.
 */
export async function buildProgram(
  program: Program,
  progress: Progress,
  folder: string = programFolder(program),
): Promise<Build> {
  const directory = programDirectory(program, folder);
  if (directory === undefined) throw noGo;
  const cached = { name: program.name, directory, cpuSeconds: 0 };
  if (existsSync(directory)) return cached;
  const locks = join(cacheRoot(), "locks");
  const waiting = () => progress(`${program.name}: another process is building it, waiting`);
  using _own = await lockOneOf([join(locks, `${program.name}.lock`)], waiting, stopping.signal);
  if (existsSync(directory)) return cached;
  const anySlot = slots.map((slot) => join(locks, slot));
  using _slot = await lockOneOf(anySlot, undefined, stopping.signal);
  stopping.signal.throwIfAborted();
  const started = Date.now();
  progress(`${program.name}: building`);
  const scratch = newScratch(program);
  try {
    const source = join(scratch, program.name);
    const output = join(scratch, "bin");
    cpSync(folder, source, { recursive: true });
    mkdirSync(output);
    const generated = program.generate && (await go(program.generate, source, program.name, progress));
    const compiled = await go(
      ["build", ...buildFlags, "-ldflags", linkFlags(program), "-o", `${output}/`, ...Object.values(program.binaries)],
      source,
      program.name,
      progress,
    );
    for (const [binary, mainPackage] of Object.entries(program.binaries)) {
      renameSync(join(output, goBinaryName(mainPackage, program)), join(output, binary));
    }
    renameSync(output, directory);
    const cpuSeconds = (generated ?? 0) + compiled;
    progress(
      `${program.name}: built in ${Math.round((Date.now() - started) / 1000)} s, ${Math.round(cpuSeconds)} s of CPU time`,
    );
    return { name: program.name, directory, cpuSeconds };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** An empty folder beside the finished programs. What a killed builder left goes: the caller holds the program's lock. */
function newScratch(program: Program): string {
  const prefix = `.building-${program.name}.`;
  for (const left of readdirSync(cacheRoot()).filter((entry) => entry.startsWith(prefix))) {
    rmSync(join(cacheRoot(), left), { recursive: true, force: true });
  }
  return mkdtempSync(join(cacheRoot(), prefix));
}

/** The name `go build` gives a binary: the last element of the import path that is not a major version. */
export function goBinaryName(mainPackage: string, program: Program): string {
  if (mainPackage === ".") return program.name;
  const elements = mainPackage.split("/").filter((element) => !/^v\d+$/.test(element));
  return elements.at(-1)!;
}

/** Runs `go`, reporting its progress, and returns the CPU seconds it took; rejects with the end of its output. */
function go(args: readonly string[], cwd: string, name: string, progress: Progress): Promise<number> {
  const started = Date.now();
  const child = spawn("go", args, { cwd, env: { ...process.env, ...buildEnv }, stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    output = (output + chunk).slice(-8_000);
  });
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    const fetching = /go: downloading .*\n$/.test(output) ? ", fetching modules" : "";
    progress(`${name}: ${seconds} s${fetching}`);
  }, heartbeat);
  let cpuSeconds = 0;
  child.on("exit", () => (cpuSeconds = endedChildrenCpuSeconds()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      running.delete(child);
      const lines = output.split("\n").filter((line) => !line.startsWith("go: downloading "));
      if (code === 0) resolve(cpuSeconds);
      else reject(new Error(`${name}: go ${args[0]} failed (${code})\n${lines.slice(-40).join("\n")}`));
    });
  });
}

const running = new Set<ChildProcess>();

const stopping = new AbortController();

/** Ends running compilers and waits for locks, and starts no more; unfinished builds are dropped. */
export function stopBuilds(): void {
  stopping.abort(new Error("stopped"));
  for (const child of running) child.kill();
}

/**
 * Builds the programs that the cache lacks, at most two at a time, in the catalogue's order.
 *
 * @returns what was built, and the errors of those that failed.
 */
export async function buildPrograms(
  wanted: readonly Program[],
  progress: Progress,
): Promise<{ readonly built: readonly Build[]; readonly errors: readonly Error[] }> {
  const missing = programs.filter((program) => wanted.includes(program) && !isBuilt(program));
  if (missing.length > 0 && goToolchain() === undefined) return { built: [], errors: [noGo] };
  if (missing.length > 0) progress(`${missing.length} of ${wanted.length} real programs are to be built`);
  const queue = [...missing];
  const built: Build[] = [];
  const errors: Error[] = [];
  let finished = 0;
  const worker = async () => {
    for (let program = queue.shift(); program !== undefined; program = queue.shift()) {
      await buildProgram(program, progress).then(
        (build) => built.push(build),
        (error: Error) => errors.push(error),
      );
      progress(`${++finished} of ${missing.length} done`);
    }
  };
  await Promise.all(slots.map(worker));
  return { built, errors };
}

/** The programs that names on the command line stand for: a program's own name, or a binary's. */
export function selectPrograms(names: readonly string[]): readonly Program[] {
  const unknown = names.filter((name) => findProgram(name) === undefined);
  if (unknown.length > 0) {
    throw new Error(
      `no such program: ${unknown.join(", ")}; there are ${programs.map((program) => program.name).join(", ")}`,
    );
  }
  return names.map((name) => findProgram(name)!);
}

function list(): void {
  for (const program of programs) {
    const state = isBuilt(program) ? "cached" : "missing";
    console.log(`${program.name}\t${programVersion(program)}\t${state}\t${Object.keys(program.binaries).join(" ")}`);
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 0 || args.includes("--help")) {
    console.log("node test/binaries/build.ts [NAME...]   build these programs (a program's or a binary's name)");
    console.log("                         --all       build all");
    console.log("                         --list      name, version, cached or missing, binaries");
    console.log("                         --prune     delete builds of other versions from the cache");
    console.log(`cache: ${cacheRoot()}; compiler: ${goToolchain() ?? "no Go on PATH"}`);
    return 0;
  }
  if (args.includes("--list")) {
    list();
    return 0;
  }
  if (args.includes("--prune")) {
    for (const directory of staleBuilds()) rmSync(directory, { recursive: true });
    return 0;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stopBuilds);
  const wanted = args.includes("--all") ? programs : selectPrograms(args);
  const { errors } = await buildPrograms(wanted, (line) => console.error(line));
  for (const error of errors) console.error(error.message);
  return errors.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    return 1;
  });
}
