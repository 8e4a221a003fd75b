import { createReadStream, statSync } from "node:fs";

/** A file in a tar archive: its bytes, or the file on disk that has them. */
export interface TarEntry {
  readonly path: string;
  readonly content: Buffer | { readonly file: string };
  /** @default 0o644 */
  readonly mode?: number;
}

const block = 512;

const sizeOf = (content: TarEntry["content"]): number =>
  Buffer.isBuffer(content) ? content.length : statSync(content.file).size;

/** A USTAR header (POSIX.1-1988) owned by root at the epoch: the same input gives the same bytes. */
const header = (path: string, size: number, mode: number, type: "0" | "5"): Buffer => {
  if (Buffer.byteLength(path) > 100) throw new Error(`"${path}" is too long for a tar header`);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  bytes.write(path, 0);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  bytes.write(" ".repeat(8), 148);
  bytes.write(type, 156);
  bytes.write("ustar\u000000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
};

/** The archive in pieces. Folders above a file are not written: whoever unpacks makes them. */
export async function* tar(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const { path, content, mode = 0o644 } of entries) {
    const size = sizeOf(content);
    yield path.endsWith("/") ? header(path, 0, mode, "5") : header(path, size, mode, "0");
    if (Buffer.isBuffer(content)) yield content;
    else yield* createReadStream(content.file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
    if (size % block > 0) yield Buffer.alloc(block - (size % block));
  }
  yield Buffer.alloc(2 * block);
}
