import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { MapEntry } from "./filter.ts";

/** A reader inside the addon. */
export type ReaderHandle = { readonly __reader: never };

/** Options of the addon's `open`, already checked and resolved: see `ReaderOptions` for what they mean. */
export interface NativeOptions {
  readonly object: string;
  readonly netns: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly capacity: number;
  readonly ringBytes: number;
  readonly drainMs: number;
  /** Bytes of messages about interfaces that may wait. @default 4 MiB */
  readonly netlinkBytes?: number;
  readonly attach: boolean;
  readonly tcx: boolean;
  /** Begin with clsact filters, go over to TCX links when interfaces are quiet. Needs the program's `dedup`. */
  readonly handover: boolean;
  /** The program announces new flows; else each scan reads the hash for their keys. */
  readonly events: boolean;
  readonly batch: boolean;
  /** Ask connection tracking for the other tuple of translated connections, where it can be asked. */
  readonly conntrack: boolean;
  /** Objects that are off unless asked for: "" or the path. */
  readonly processes: string;
  readonly drops: string;
  /** Root of the cgroup v2 hierarchy; "" for the usual places. */
  readonly cgroup: string;
  /** Load-time constants of kernel/maps.h by name. */
  readonly constants: Readonly<Record<string, number>>;
  /** Map entries written after loading and before attaching: map, key, value. */
  readonly entries: readonly MapEntry[];
}

/** `enum batch_kind`. */
export const batchKind = { events: 0, records: 1, done: 2, interface: 3, closed: 4, finals: 5 } as const;

/** `enum interface_change`, by number. */
export const interfaceChanges = ["attached", "detached", "failed", "changed", "repaired"] as const;

/** What the addon hands over; which members are there depends on the kind. */
export interface NativeBatch {
  readonly kind: number;
  /** Id of the scan or end it belongs to. */
  readonly command: number;
  /** Where the elements begin in the shared buffer, in bytes, and how many they are. */
  readonly offset: number;
  readonly count: number;
  /** Attributes of ended flows, at the end of the half. */
  readonly attributes: number;
  readonly errno: number;
  readonly jiffies: number;
  readonly monotonicNs: number;
  readonly realtimeOffsetNs: number;
  readonly ringBytes: number;
  readonly ifindex: number;
  readonly name: string;
  readonly change: number;
  readonly interfaceKind: string;
  readonly mac: string;
  readonly master: number;
  readonly link: number;
  readonly problem: string;
  readonly attached: boolean;
  readonly tcx: boolean;
  readonly tookNs: number;
}

/** native/addon.c. Every call but `open` and `close` throws `CLOSED` on a closed reader. */
export interface Addon {
  /** Loads, attaches and starts the threads. The buffers are views of SharedArrayBuffers, used in two halves. */
  open(
    options: NativeOptions,
    events: Uint8Array,
    records: Uint8Array,
    finals: Uint8Array,
    onBatch: (batch: NativeBatch) => void,
  ): ReaderHandle;
  /** Starts closing: a batch of kind `closed` follows. */
  close(reader: ReaderHandle): void;
  scan(reader: ReaderHandle, command: number, changedSinceJiffies: number, attributes: boolean): void;
  end(reader: ReaderHandle, command: number, slots: Uint32Array): void;
  drain(reader: ReaderHandle, command: number): void;
  counters(reader: ReaderHandle, into: Float64Array): void;
  /** Times that both halves of a buffer were taken. */
  waits(reader: ReaderHandle): [events: number, records: number, finals: number];
  /** Writes and deletes map entries. */
  update(reader: ReaderHandle, entries: readonly MapEntry[]): void;
  /** Reads a map by slot; zeros where there is nothing. */
  attributes(
    reader: ReaderHandle,
    map: "tunnels" | "translations" | "processes" | "drops",
    slots: Uint32Array,
    into: Uint8Array,
  ): void;
  /** Reason, packets, bytes; and so on. */
  dropReasons(reader: ReaderHandle): number[];
  /** Names of an enum of the kernel's, by number: from its BTF, empty without. */
  enumNames(name: string): Record<string, string>;
  /** What does not run, and why. */
  missing(reader: ReaderHandle): Record<string, string>;
  /** File descriptors of programs and maps by name. */
  descriptors(reader: ReaderHandle): Record<string, number>;
  /** Sizes and offsets as the C compiler laid them out, and `tickNs`, the kernel's tick (jiffy). */
  layout(): Record<string, number>;
}

/** Where `npm run build -w bpf-agent` puts a BPF program; the same seen from `src/` and from `dist/`. */
export const builtObject = (program: "flow" | "process" | "drops") =>
  fileURLToPath(new URL(`../dist/${program}.bpf.o`, import.meta.url));

/**
 * Loads the addon.
 *
 * @param path another build of it, such as one with sanitizers @default dist/flow_reader.node
 * @throws Error with the command that builds it when it is not there.
 */
export function loadAddon(path = fileURLToPath(new URL("../dist/flow_reader.node", import.meta.url))): Addon {
  try {
    return createRequire(import.meta.url)(path);
  } catch (cause) {
    throw new Error("the flow reader's addon cannot be loaded: build it with `npm run build -w bpf-agent`", { cause });
  }
}
