/** That everything native compiles for arm64. Debian's headers are downloaded; clang needs no other compiler for it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildBpf } from "../../build.ts";
import { builtAddon } from "../harness.ts";
import { arm64Headers } from "./kernels.ts";

const here = join(import.meta.dirname, "..", "..");
const scratch = mkdtempSync(join(tmpdir(), "skopos-arm64-"));
let headers: string;

beforeAll(() => {
  builtAddon();
  headers = arm64Headers();
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** What the kernel gets of a BPF object: instructions, constants, maps; not the types, which have the lines and paths of the source. */
function loaded(path: string): Buffer {
  const file = readFileSync(path);
  const [start, size, count] = [Number(file.readBigUInt64LE(40)), file.readUInt16LE(58), file.readUInt16LE(60)];
  const sections = Array.from({ length: count }, (_, i) => file.subarray(start + i * size, start + (i + 1) * size));
  // SHF_ALLOC, and not SHT_NOBITS, which has no bytes: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.sheader.html
  const inMemory = sections.filter((section) => (section.readUInt32LE(8) & 2) !== 0 && section.readUInt32LE(4) !== 8);
  return Buffer.concat(
    inMemory.map((section) => {
      const offset = Number(section.readBigUInt64LE(24));
      return file.subarray(offset, offset + Number(section.readBigUInt64LE(32)));
    }),
  );
}

test.each(["flow", "process", "drops"])(
  "the %s program is the same object, whichever headers it is compiled with",
  (name) => {
    const output = join(scratch, `${name}.bpf.o`);
    buildBpf(`kernel/${name}.bpf.c`, output, [`-I${headers}`]);
    expect(loaded(output)).toEqual(loaded(join(here, `dist/${name}.bpf.o`)));
    expect(loaded(output).length).toBeGreaterThan(500);
  },
);

test("the addon compiles for arm64", () => {
  const nodeApi = join(dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")), "include");
  const language = "--target=aarch64-linux-gnu -std=gnu11 -Wall -Wextra -Werror -O2 -fPIC -nostdlibinc".split(" ");
  // libbpf's own headers know no architecture.
  const folders = ["-isystem", headers, "-I", nodeApi, "-idirafter", "/usr/include"];
  for (const source of readdirSync(join(here, "native")).filter((file) => file.endsWith(".c"))) {
    const output = join(scratch, `${source}.o`);
    execFileSync("clang", [...language, ...folders, "-c", join(here, "native", source), "-o", output]);
    // e_machine of an ELF header: 183 is EM_AARCH64.
    expect(readFileSync(output).readUInt16LE(18)).toBe(183);
  }
});
