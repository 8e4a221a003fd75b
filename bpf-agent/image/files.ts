/**
 * The files of the agent's image: Node, the shared libraries that it and the addon need, the agent, and its packages. Nothing else: no
 * shell, no compiler, no package manager.
 *
 * `node bpf-agent/image/files.ts FOLDER` writes them to a folder: image/Containerfile copies it into an empty image.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon, buildBpf, programs } from "../build.ts";
import { type Part, sbom } from "./sbom.ts";

const agent = fileURLToPath(new URL("..", import.meta.url));
const metrics = join(agent, "../metrics");
const require = createRequire(import.meta.url);

/** A file of the image. */
export interface ImageFile {
  /** Without a slash in front. */
  readonly path: string;
  readonly content: Buffer | { readonly file: string };
  /** @default 0o644 */
  readonly mode?: number;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly description?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const packageOf = (folder: string): Package => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

const home = "opt/skopos";

/** What the image runs. */
export const entrypoint = ["/usr/bin/node", `/${home}/bpf-agent/dist/main.js`] as const;

/** Labels of the image: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
export function labels(): Readonly<Record<string, string>> {
  const { version, license, description = "" } = packageOf(agent);
  return {
    "org.opencontainers.image.title": "skopos-flow-agent",
    "org.opencontainers.image.description": description,
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": license,
  };
}

/** Makes all files. @param scratch folder for what is compiled */
export function imageFiles(scratch: string): readonly ImageFile[] {
  const { addon, files: compiled } = compile(scratch);
  const node = realpathSync(process.execPath);
  const libraries = sharedLibraries([node, addon]);
  const owners = new Map(libraries.map((path) => [path, debianPackage(path)]));
  const debian = [...new Map([...owners.values()].map((each) => [each.name, each])).values()];
  const npm = npmPackages(agent);
  const parts: Part[] = [
    { kind: "npm", ...packageOf(agent), name: "@skopos/bpf-agent" },
    { kind: "generic", name: "node", version: process.versions.node, license: "MIT" },
    ...npm.map(({ folder }) => ({ kind: "npm" as const, ...packageOf(folder) })),
    ...debian.map((each) => ({ kind: "deb" as const, ...each, license: "NOASSERTION" })),
  ];
  const files = [
    { path: "usr/bin/node", content: { file: node }, mode: 0o755 },
    ...libraries.map((path) => ({ path: path.slice(1), content: { file: realpathSync(path) }, mode: 0o755 })),
    ...compiled,
    ...npm.flatMap(({ name, folder }) => filesBelow(folder, `${home}/node_modules/${name}`, isRun)),
    ...debian.flatMap(({ name }) => {
      const file = `/usr/share/doc/${name}/copyright`;
      return existsSync(file) ? [{ path: file.slice(1), content: { file: realpathSync(file) } }] : [];
    }),
    // Without it, glibc asks DNS before /etc/hosts.
    { path: "etc/nsswitch.conf", content: Buffer.from("hosts: files dns\n") },
    { path: "usr/share/sbom/skopos-flow-agent.spdx.json", content: Buffer.from(sbom(packageOf(agent).version, parts)) },
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What Node loads of a package, and its license: no types, no sources, no maps. */
const isRun = (path: string): boolean =>
  /(\.[cm]?js|(^|\/)package\.json|(^|\/)licen[cs]e[^/]*)$/i.test(path) &&
  !/(^|\/)(src|browser|node_modules)\//.test(path);

function filesBelow(folder: string, to: string, wanted: (path: string) => boolean): ImageFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => wanted(name) && statSync(join(folder, name)).isFile())
    .map((name) => ({ path: `${to}/${name}`, content: { file: join(folder, name) } }));
}

/** Compiles everything anew: a folder that somebody built before may hold anything. */
function compile(scratch: string): { readonly addon: string; readonly files: readonly ImageFile[] } {
  const dist = join(scratch, "agent");
  mkdirSync(dist, { recursive: true });
  for (const program of programs) buildBpf(`kernel/${program}.bpf.c`, join(dist, `${program}.bpf.o`));
  const addon = join(dist, "flow_reader.node");
  buildAddon({ output: addon, flags: ["-Wl,--build-id=none"] });
  execFileSync("strip", ["--strip-debug", addon]);
  transpile(agent, dist);
  transpile(metrics, join(scratch, "metrics"));
  const packages = [
    [agent, dist, `${home}/bpf-agent`],
    [metrics, join(scratch, "metrics"), `${home}/node_modules/@skopos/metrics`],
  ] as const;
  const files = packages.flatMap(([folder, built, to]) => [
    { path: `${to}/package.json`, content: { file: join(folder, "package.json") } },
    ...filesBelow(built, `${to}/dist`, (name) => /\.(js|o|node)$/.test(name)),
  ]);
  return { addon, files };
}

/** TypeScript to JavaScript, without the types: `npm run check` looks at those. */
function transpile(folder: string, to: string): void {
  const config = join(folder, "tsconfig.build.json");
  const flags = ["--noCheck", "--declaration", "false", "--sourceMap", "false", "--outDir", to];
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", config, ...flags], { stdio: "pipe" });
}

/** The shared libraries that programs load, by the paths at which the loader looks. */
function sharedLibraries(programs: readonly string[]): readonly string[] {
  const paths = programs.flatMap((program) =>
    [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(
      ([, path]) => path!,
    ),
  );
  return [...new Set(paths)].sort();
}

/** The Debian package that a library comes from. @throws Error for a file that is of none */
function debianPackage(path: string): { readonly name: string; readonly version: string } {
  // A merged /usr: packages may own the file by either path.
  const candidates = [path, `/usr${path}`, path.replace(/^\/usr/, ""), realpathSync(path)];
  for (const candidate of candidates) {
    try {
      const found = execFileSync("dpkg-query", ["-S", candidate], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      const name = found.split(":")[0]!;
      const version = execFileSync("dpkg-query", ["-W", "-f=${Version}", name], { encoding: "utf8" });
      return { name, version };
    } catch {
      // Not known by this path.
    }
  }
  throw new Error(`${path} is in no Debian package: build the image on Debian`);
}

/** The npm packages that the agent depends on, and theirs; those of this repository are compiled. */
function npmPackages(folder: string, found = new Map<string, string>()): { name: string; folder: string }[] {
  for (const name of Object.keys(packageOf(folder).dependencies ?? {})) {
    if (found.has(name) || name.startsWith("@skopos/")) continue;
    const place = findPackage(name, folder);
    found.set(name, place);
    npmPackages(place, found);
  }
  return [...found].map(([name, place]) => ({ name, folder: place }));
}

function findPackage(name: string, from: string): string {
  const place = join(from, "node_modules", name);
  if (existsSync(join(place, "package.json"))) return realpathSync(place);
  if (dirname(from) === from) throw new Error(`${name} is not installed: npm ci`);
  return findPackage(name, dirname(from));
}

/** Writes files below a folder. */
export function writeFiles(files: readonly ImageFile[], folder: string): void {
  for (const { path, content, mode = 0o644 } of files) {
    const to = join(folder, path);
    mkdirSync(dirname(to), { recursive: true });
    if (Buffer.isBuffer(content)) writeFileSync(to, content);
    else copyFileSync(content.file, to);
    chmodSync(to, mode);
  }
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (!folder) throw new Error("usage: node bpf-agent/image/files.ts FOLDER");
  writeFiles(imageFiles(mkdtempSync(join(tmpdir(), "flow-agent-image-"))), folder);
}
