import { readFileSync } from "node:fs";

/** Clock ticks per second in /proc: USER_HZ, 100 on every architecture (https://man7.org/linux/man-pages/man7/time.7.html). */
const ticksPerSecond = 100;

let counted = 0;

/**
 * CPU seconds, user and system, of the child processes that ended since the last call, with all descendants they waited
 * for. Called in every child's `exit` event, it is that child's: the kernel adds a child's time when it is reaped.
 * @returns 0 where there is no /proc
 */
export function endedChildrenCpuSeconds(): number {
  const total = childrenCpuSeconds();
  const since = total - counted;
  counted = total;
  return since;
}

/** `cutime` and `cstime` of proc_pid_stat(5), fields 16 and 17; the name before field 3 may contain blanks. */
function childrenCpuSeconds(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
  } catch {
    return 0;
  }
}
