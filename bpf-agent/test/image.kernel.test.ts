/** The image's files: built twice, looked through, and run with nothing else in their root. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../test/support/wait.ts";
import { entrypoint, type ImageFile, imageFiles, labels, writeFiles } from "../image/files.ts";
import { routed } from "./netns.ts";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "skopos-flow-agent-image-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let files: readonly ImageFile[];
beforeAll(() => {
  files = imageFiles(join(scratch, "first"));
});

const digests = (of: readonly ImageFile[]) =>
  of.map(({ path, content, mode }) => {
    const bytes = Buffer.isBuffer(content) ? content : readFileSync(content.file);
    return `${path} ${mode ?? 0o644} ${createHash("sha256").update(bytes).digest("hex")}`;
  });

test("is built to the same bytes again, from sources in another folder", async () => {
  const copy = join(scratch, "copy");
  mkdirSync(copy);
  const kept = (path: string) => !/\/(dist|node_modules)(\/|$)/.test(path.slice(root.length));
  for (const name of ["bpf-agent", "metrics", "tsconfig.json", "package.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true, filter: kept });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const other = (await import(join(copy, "bpf-agent/image/files.ts"))) as { imageFiles: typeof imageFiles };
  expect(digests(other.imageFiles(join(scratch, "second")))).toEqual(digests(files));
});

test("has no shell, no compiler and no package manager, and lists its parts", () => {
  const programs = files.filter(({ path }) => /(^|\/)s?bin\//.test(path)).map(({ path }) => path);
  expect(programs).toEqual(["usr/bin/node"]);
  expect(files.filter(({ path }) => path.endsWith(".ts"))).toEqual([]);
  const { content } = files.find(({ path }) => path.endsWith(".spdx.json"))!;
  const { packages } = JSON.parse(String(content)) as { packages: { name: string; versionInfo: string }[] };
  expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(["node", "zod", "yaml", "libc6", "libbpf1"]));
  expect(packages.every(({ versionInfo }) => /^\d/.test(versionInfo))).toBe(true);
});

test("is what the Containerfile makes", () => {
  const text = readFileSync(join(root, "bpf-agent/image/Containerfile"), "utf8");
  for (const [name, value] of Object.entries(labels())) expect(text).toContain(`${name}="${value}"`);
  expect(text).toContain(`ENTRYPOINT ${JSON.stringify(entrypoint).replace(",", ", ")}`);
});

test("the agent runs with these files alone: it loads its programs, attaches them and stops", async () => {
  await using network = routed();
  const image = join(scratch, "root");
  writeFiles(files, image);
  for (const folder of ["proc", "sys", "tmp"]) mkdirSync(join(image, folder));
  const mounts = ["proc", "sys"].map((name) => `mount --rbind /${name} ${image}/${name}`);
  const run = `exec nsenter --net=${network.node.path} chroot ${image} ${entrypoint.join(" ")}`;
  const env = { SKOPOS_FLOW_AGENT__SERVER__PORT: "0", PATH: process.env.PATH };
  const child = spawn("unshare", ["--mount", "bash", "-ec", [...mounts, run].join("\n")], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  const exited = once(child, "exit");
  await until("the agent", () => child.exitCode !== null || text.includes("metrics at"), { explain: () => text });
  child.kill("SIGTERM");
  expect((await exited)[0], text).toBe(0);
  expect(text).toContain("metrics at");
});
