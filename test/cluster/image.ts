import { createHash } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type TarEntry, tar } from "./tar.ts";

/** What every container image has. */
interface ImageBase {
  /** Full reference, as pods name it. */
  readonly reference: string;
  /** Default arguments. @default none */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** User and group. @default "65534:65534", nobody */
  readonly user?: string;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A container image made of one static binary. */
export interface BinaryImage extends ImageBase {
  /** The binary on this machine. */
  readonly binary: string;
  /** Where it is in the image; also the entrypoint. */
  readonly path: string;
}

/** A container image made of files. */
interface FilesImage extends ImageBase {
  readonly files: readonly TarEntry[];
  readonly entrypoint: readonly string[];
}

export type ImageSpec = BinaryImage | FilesImage;

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

/** Passes pieces on, and knows their digest and size afterwards. */
const measure = () => {
  const hash = createHash("sha256");
  let size = 0;
  return {
    async *through(pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        hash.update(piece);
        size += piece.length;
        yield piece;
      }
    },
    result: () => ({ digest: hash.digest("hex"), size }),
  };
};

/**
 * Writes an OCI image layout (https://github.com/opencontainers/image-spec) as one tar file: a layer with the binary or the files and
 * an empty `/tmp`, from nothing else. The same binary gives the same bytes, and so the same digest.
 *
 * The layer is a tar inside the tar, uncompressed, since it never crosses a network. It stands in a file of its own for a
 * moment, because its digest is needed before it is written.
 * @returns the image's digest.
 */
export async function writeImage(archive: string, spec: ImageSpec): Promise<string> {
  const { reference, args = [], env = {}, user = "65534:65534", labels } = spec;
  const files =
    "files" in spec ? spec.files : [{ path: spec.path.slice(1), content: { file: spec.binary }, mode: 0o755 }];
  const layerEntries: TarEntry[] = [{ path: "tmp/", content: Buffer.alloc(0), mode: 0o1777 }, ...files];
  const layerFile = `${archive}.layer`;
  const measured = measure();
  await pipeline(measured.through(tar(layerEntries)), createWriteStream(layerFile));
  const layer = measured.result();
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: {
        User: user,
        Env: ["PATH=/bin:/usr/bin", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
        Entrypoint: "files" in spec ? spec.entrypoint : [spec.path],
        Cmd: args,
        WorkingDir: "/",
        ...(labels && { Labels: labels }),
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${layer.digest}`] },
    }),
  );
  const descriptor = (kind: string, digest: string, size: number) => ({
    mediaType: `application/vnd.oci.image.${kind}`,
    digest: `sha256:${digest}`,
    size,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: descriptor("config.v1+json", sha256(config), config.length),
      layers: [descriptor("layer.v1.tar", layer.digest, layer.size)],
    }),
  );
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          ...descriptor("manifest.v1+json", sha256(manifest), manifest.length),
          // containerd takes the image's name from here.
          annotations: { "io.containerd.image.name": reference },
        },
      ],
    }),
  );
  const blob = (content: Buffer): TarEntry => ({ path: `blobs/sha256/${sha256(content)}`, content });
  const entries: TarEntry[] = [
    { path: "oci-layout", content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: "index.json", content: index },
    blob(manifest),
    blob(config),
    { path: `blobs/sha256/${layer.digest}`, content: { file: layerFile } },
  ];
  await pipeline(tar(entries), createWriteStream(archive));
  rmSync(layerFile);
  return `sha256:${sha256(manifest)}`;
}
