import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes a file as a whole or not at all: whoever reads it never sees a part. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
