import { promisify } from "node:util";
import { constants, gzip, zstdCompress } from "node:zlib";
import type { Compression } from "./sender.ts";

const gzipped = promisify(gzip);
const zstandard = promisify(zstdCompress);

/** Compresses on libuv's threads. The fastest levels: spans repeat so much that higher ones gain little. */
export async function compress(bytes: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === "gzip") return gzipped(bytes, { level: constants.Z_BEST_SPEED });
  if (compression === "zstd") return zstandard(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return bytes;
}
