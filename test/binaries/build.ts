// Builds the real components that the tests run: `node test/binaries/build.ts [names | --all | --list]`.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
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

/** A builds-at-a-time limit of the machine, over all processes: more would only make each other slower. */
const slots = ["slot-1.lock", "slot-2.lock"];

const noGo = new Error("building real programs needs Go on PATH; the go.mod files in test/binaries/ say which version");

/** How often a running build says that it is still at it, in milliseconds. */
const heartbeat = 30_000;

/**
 * Builds one program unless the cache has it, and returns the folder of its binaries. Builders in other processes wait
 * for each other, and the folder appears only when it is complete.
 *
 * @param folder the program's go.mod, go.sum and sources
 * @throws Error with the end of Go's output when the build fails, or when there is no Go.
 */
export async function buildProgram(
  program: Program,
  progress: Progress,
  folder: string = programFolder(program),
): Promise<string> {
  const directory = programDirectory(program, folder);
  if (directory === undefined) throw noGo;
  if (existsSync(directory)) return directory;
  const locks = join(cacheRoot(), "locks");
  using _own = await lockOneOf([join(locks, `${program.name}.lock`)], () =>
    progress(`${program.name}: another process is building it, waiting`),
  );
  if (existsSync(directory)) return directory;
  using _slot = await lockOneOf(slots.map((slot) => join(locks, slot)));
  if (stopping) throw new Error(`${program.name}: stopped`);
  const started = Date.now();
  progress(`${program.name}: building`);
  const scratch = newScratch(program);
  try {
    const source = join(scratch, program.name);
    const output = join(scratch, "bin");
    cpSync(folder, source, { recursive: true });
    mkdirSync(output);
    if (program.generate !== undefined) await go(program.generate, source, program.name, progress);
    await go(
      ["build", ...buildFlags, "-ldflags", linkFlags(program), "-o", `${output}/`, ...Object.values(program.binaries)],
      source,
      program.name,
      progress,
    );
    for (const [binary, mainPackage] of Object.entries(program.binaries)) {
      renameSync(join(output, goBinaryName(mainPackage, program)), join(output, binary));
    }
    renameSync(output, directory);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  progress(`${program.name}: built in ${Math.round((Date.now() - started) / 1000)} s`);
  return directory;
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

/** Runs `go`, reporting now and then how far it is; rejects with the end of its output. */
function go(args: readonly string[], cwd: string, name: string, progress: Progress): Promise<void> {
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
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      running.delete(child);
      const lines = output.split("\n").filter((line) => !line.startsWith("go: downloading "));
      if (code === 0) resolve();
      else reject(new Error(`${name}: go ${args[0]} failed (${code})\n${lines.slice(-40).join("\n")}`));
    });
  });
}

const running = new Set<ChildProcess>();

let stopping = false;

/** Ends the compilers under way and starts no more; what they had made is dropped. */
export function stopBuilds(): void {
  stopping = true;
  for (const child of running) child.kill();
}

/**
 * Builds the programs that the cache lacks, at most two at a time, in the catalogue's order.
 *
 * @returns the errors of those that failed, in the same order; empty when all are there.
 */
export async function buildPrograms(wanted: readonly Program[], progress: Progress): Promise<readonly Error[]> {
  const missing = programs.filter((program) => wanted.includes(program) && !isBuilt(program));
  if (missing.length > 0 && goToolchain() === undefined) return [noGo];
  if (missing.length > 0) progress(`${missing.length} of ${wanted.length} real programs are to be built`);
  const queue = [...missing];
  const errors: Error[] = [];
  let finished = 0;
  const worker = async () => {
    for (let program = queue.shift(); program !== undefined; program = queue.shift()) {
      await buildProgram(program, progress).catch((error: Error) => errors.push(error));
      progress(`${++finished} of ${missing.length} done`);
    }
  };
  await Promise.all(slots.map(worker));
  return errors;
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
  const errors = await buildPrograms(wanted, (line) => console.error(line));
  for (const error of errors) console.error(error.message);
  return errors.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    return 1;
  });
}
