/** That the same BPF objects run on both architectures. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildBpf } from "../../build.ts";
import { builtAddon } from "../harness.ts";
import { arm64Root, withPackages } from "./kernels.ts";

const here = join(import.meta.dirname, "..", "..");
const scratch = mkdtempSync(join(tmpdir(), "skopos-arm64-"));

beforeAll(() => void builtAddon());
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

test.for(["flow", "process", "drops"])(
  "the %s program is the same object, whichever headers it is compiled with",
  async (name, context) => {
    const include = await withPackages(context, () => join(arm64Root(), "usr", "include"));
    const headers = ["-nostdlibinc", "-isystem", include, "-isystem", join(include, "aarch64-linux-gnu")];
    const output = join(scratch, `${name}.bpf.o`);
    buildBpf(`kernel/${name}.bpf.c`, output, headers);
    expect(loaded(output)).toEqual(loaded(join(here, `dist/${name}.bpf.o`)));
    expect(loaded(output).length).toBeGreaterThan(500);
  },
);
