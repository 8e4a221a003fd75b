import { readdirSync, readFileSync } from "node:fs";

/** Open file descriptors, and how many there may be. Linux only, from /proc; undefined elsewhere. */
export function fileDescriptors(): { open: number; most: number } | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const most = /^Max open files\s+(\d+)/m.exec(limits);
    // One of them is the directory being read.
    return { open: readdirSync("/proc/self/fd").length - 1, most: Number(most?.[1] ?? Number.NaN) };
  } catch {
    return undefined;
  }
}
