/**
 * `npm run build -w bpf-agent`: the BPF objects, the addon and the TypeScript, all to `dist/`, and the metrics package.
 * Nothing is downloaded: clang, libbpf and a C compiler come from the system.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = import.meta.dirname;
const require = createRequire(import.meta.url);

/** What the build needs beside Node: a probe that fails where it is missing, and the Debian packages that bring it. */
const needs = [
  { what: "clang with the BPF target", command: ["clang", "--version"], packages: ["clang"] },
  { what: "a C compiler", command: ["cc", "--version"], packages: ["gcc", "libc6-dev"] },
  {
    what: "the headers of libbpf and Linux",
    command: ["cc", "-fsyntax-only", "-include", "bpf/libbpf.h", "-include", "linux/bpf.h", "-xc", "/dev/null"],
    packages: ["libbpf-dev", "linux-libc-dev", "libelf-dev", "zlib1g-dev"],
  },
] as const;

/** One way to build the addon. */
export interface AddonBuild {
  readonly output: string;
  /** C files. @default the reader's, all of `native/` */
  readonly sources?: readonly string[];
  /** @default cc */
  readonly compiler?: string;
  /** Extra flags of compiler and linker. */
  readonly flags?: readonly string[];
}

/** @returns One line for each missing piece; empty when everything is there. */
export function missing(): { what: string; packages: readonly string[] }[] {
  return needs.filter(({ command: [program, ...args] }) => spawnSync(program, args).status !== 0);
}

function run(command: string, args: readonly string[]): void {
  const done = spawnSync(command, args, { cwd: here, encoding: "utf8" });
  process.stderr.write((done.stdout ?? "") + (done.stderr ?? ""));
  if (done.status !== 0) throw new Error(`${command} failed (${done.status ?? done.error?.message})`);
}

/** Where Debian keeps the headers of this architecture (asm/types.h), which `-target bpf` does not look into. */
function architectureHeaders(): string[] {
  const triple = spawnSync("cc", ["-print-multiarch"], { encoding: "utf8" }).stdout?.trim();
  return triple ? [`-I/usr/include/${triple}`] : [];
}

/** Paths in debug information start at the repository, so that the same sources give the same bytes in any folder. */
const paths = `-ffile-prefix-map=${join(here, "..")}=/usr/src/skopos`;

/** Compiles one BPF object. -mcpu=v3 (kernel 5.1 and atomics of 5.12) gives fetching atomics and 32-bit jumps. @param headers flags of clang */
export function buildBpf(source: string, output: string, headers: readonly string[] = architectureHeaders()): void {
  const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-sign-compare"];
  const target = ["-target", "bpf", "-mcpu=v3", "-O2", "-g"];
  run("clang", [...target, ...warnings, paths, ...headers, "-c", source, "-o", output]);
}

const readerSources = () =>
  readdirSync(join(here, "native"))
    .filter((name) => name.endsWith(".c"))
    .map((name) => join("native", name));

/** Compiles an N-API addon against the headers of the node-api-headers package. */
export function buildAddon({ output, sources = readerSources(), compiler = "cc", flags = [] }: AddonBuild): void {
  const headers = join(dirname(require.resolve("node-api-headers/package.json")), "include");
  const language = [
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-O2",
    "-g",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
  ];
  run(compiler, [...language, paths, ...flags, "-I", headers, ...sources, "-o", output, "-lbpf", "-lpthread"]);
}

function newest(folder: string): number {
  const names = readdirSync(join(here, folder), { recursive: true, encoding: "utf8" });
  return Math.max(...names.map((name) => statSync(join(here, folder, name)).mtimeMs));
}

/** Builds `output` when it is absent or older than what is in `folders`. */
export function whenStale(output: string, folders: readonly string[], build: () => void): void {
  const path = join(here, output);
  if (existsSync(path) && statSync(path).mtimeMs >= Math.max(...folders.map(newest))) return;
  requireToolchain();
  mkdirSync(dirname(path), { recursive: true });
  build();
}

/** BPF programs: the flow program, and those that are off unless asked for. */
export const programs = ["flow", "process", "drops"] as const;

/** @throws Error naming the Debian packages to install when part of the toolchain is missing. */
function requireToolchain(): void {
  const lacking = missing();
  if (lacking.length === 0) return;
  throw new Error(
    `the flow agent's native parts need ${lacking.map(({ what }) => what).join(", ")}:\n` +
      `  apt-get install ${[...new Set(lacking.flatMap(({ packages }) => packages))].join(" ")}`,
  );
}

/**
 * Brings the BPF objects and the addon up to date.
 *
 * @throws Error naming the Debian packages to install when something must be built and part of the toolchain is missing.
 */
export function buildNative(): void {
  for (const program of programs) {
    const output = `dist/${program}.bpf.o`;
    whenStale(output, ["kernel"], () => buildBpf(`kernel/${program}.bpf.c`, output));
  }
  const output = "dist/flow_reader.node";
  whenStale(output, ["native", "kernel"], () => buildAddon({ output }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    buildNative();
    // The agent is compiled against the declarations of the metrics package.
    run(process.execPath, [join(here, "../toolchain/build.mjs"), "metrics"]);
    run(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
