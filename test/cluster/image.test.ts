import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeImage } from "./image.ts";

const directory = mkdtempSync(join(tmpdir(), "skopos-image-"));
afterAll(() => rmSync(directory, { recursive: true }));

const binary = join(directory, "program");
// Not a multiple of a tar block, and larger than what one read returns.
writeFileSync(binary, Buffer.alloc(1_500_001, "x"));
const spec = { reference: "mirror.test/program:1", binary, path: "/bin/program", env: { A: "b" } };
const archive = join(directory, "image.tar");
const unpack = (file: string, ...members: string[]) =>
  execFileSync("tar", ["--extract", "--to-stdout", `--file=${file}`, ...members], { maxBuffer: 1 << 24 });

describe("an image archive", () => {
  it("is the same, byte for byte, whenever it is written", async () => {
    const digest = await writeImage(archive, spec);
    const first = readFileSync(archive);
    expect(await writeImage(archive, spec)).toBe(digest);
    expect(readFileSync(archive).equals(first)).toBe(true);
  });

  it("names the image, and holds each blob under its digest", async () => {
    const digest = await writeImage(archive, spec);
    const index = JSON.parse(unpack(archive, "index.json").toString());
    expect(index.manifests[0]).toMatchObject({
      digest,
      annotations: { "io.containerd.image.name": "mirror.test/program:1" },
    });
    const listed = execFileSync("tar", ["--list", `--file=${archive}`])
      .toString()
      .trim()
      .split("\n");
    const blobs = listed.filter((path) => path.startsWith("blobs/"));
    expect(blobs).toHaveLength(3);
    for (const path of blobs) {
      const content = unpack(archive, path);
      expect(createHash("sha256").update(content).digest("hex")).toBe(path.split("/").at(-1));
    }
  });

  it("has a layer with the binary, executable, and a /tmp that everybody may write", async () => {
    await writeImage(archive, spec);
    const blob = (digest: string) => unpack(archive, `blobs/sha256/${digest.slice("sha256:".length)}`);
    const index = JSON.parse(unpack(archive, "index.json").toString());
    const manifest = JSON.parse(blob(index.manifests[0].digest).toString());
    const config = JSON.parse(blob(manifest.config.digest).toString());
    expect(config.config).toMatchObject({ Entrypoint: ["/bin/program"], User: "65534:65534" });
    expect(config.config.Env).toContain("A=b");
    const layer = join(directory, "layer.tar");
    writeFileSync(layer, blob(manifest.layers[0].digest));
    expect(unpack(layer, "bin/program").equals(readFileSync(binary))).toBe(true);
    const listing = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", `--file=${layer}`]).toString();
    expect(listing).toMatch(/^drwxrwxrwt 0\/0 .* tmp\/$/m);
    expect(listing).toMatch(/^-rwxr-xr-x 0\/0 +1500001 .* bin\/program$/m);
  });
});
