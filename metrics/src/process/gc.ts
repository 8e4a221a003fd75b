import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

/** Kinds of garbage collection, by V8's number. */
const KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
] as const);
export type GcKind = "minor" | "major" | "incremental" | "weakcb";

/** Calls `record` with each collection's kind and length in seconds. */
export function observeGc(record: (kind: GcKind, seconds: number) => void): Disposable {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { detail: { kind: number } };
      const kind = KINDS.get(detail.kind);
      if (kind) record(kind, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return { [Symbol.dispose]: () => observer.disconnect() };
}
