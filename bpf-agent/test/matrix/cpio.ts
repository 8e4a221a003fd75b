/** Writes initramfs archives: the "newc" format of cpio(5), as the kernel's Documentation/driver-api/early-userspace reads it. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const kinds = { directory: 0o040755, file: 0o100755, link: 0o120777 } as const;

/** An archive on disk; parent directories are added by themselves. */
export class Archive implements Disposable {
  readonly #file: number;
  readonly #paths = new Set<string>(["", "."]);
  #inode = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  directory(path: string): void {
    if (this.#new(path)) this.#entry(path, kinds.directory, Buffer.alloc(0));
  }

  /** Every file is executable: nothing in a test's guest minds. */
  file(path: string, content: Uint8Array | string): void {
    if (this.#new(path)) this.#entry(path, kinds.file, Buffer.from(content));
  }

  copy(path: string, from = path): void {
    this.file(path, readFileSync(from));
  }

  link(path: string, target: string): void {
    if (this.#new(path)) this.#entry(path, kinds.link, Buffer.from(target));
  }

  [Symbol.dispose](): void {
    this.#entry("TRAILER!!!", 0, Buffer.alloc(0));
    closeSync(this.#file);
  }

  #new(path: string): boolean {
    const name = path.replace(/^\/+/, "");
    if (this.#paths.has(name)) return false;
    this.directory(dirname(name));
    this.#paths.add(name);
    return true;
  }

  #entry(path: string, mode: number, content: Buffer): void {
    const name = path.replace(/^\/+/, "");
    this.#inode += 1;
    const fields = [this.#inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`;
    for (const part of [Buffer.from(header), content]) {
      writeSync(this.#file, part);
      writeSync(this.#file, Buffer.alloc((4 - (part.length % 4)) % 4));
    }
  }
}
