/** What the kernel tier shares: a built addon, readers whose flows are plain objects, frames into a program. */
import { buildNative } from "../build.ts";
import type { Hook, Side } from "../src/flow-view.ts";
import { type FlowView, marks } from "../src/index.ts";
import type { Direction } from "../src/layout.ts";
import { type Addon, loadAddon } from "../src/native.ts";
import type { ReaderOptions } from "../src/options.ts";
import { FlowReader, type ReaderHandlers } from "../src/reader.ts";
import { pack } from "./pack.ts";
import { type Context, testPrograms } from "./programs.ts";

let addon: Addon | undefined;

/** The addon and the BPF object, built first where they are stale. */
export function builtAddon(): Addon {
  if (!addon) {
    buildNative();
    // Before any thread asks for it: several would build it at once.
    testPrograms();
    addon = loadAddon();
  }
  return addon;
}

/** A flow as a plain object; pairs are indexed by direction. */
export interface Flow {
  readonly key: string;
  readonly low: string;
  readonly high: string;
  readonly lowPort: number;
  readonly highPort: number;
  readonly protocol: number;
  readonly slot: number;
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly tcpFlags: readonly [number, number];
  readonly ifindex: readonly [number, number];
  readonly hook: readonly [Hook, Hook];
  readonly side: readonly [Side, Side];
  readonly retransmits: readonly [number, number];
  readonly marks: number;
  readonly state: string;
  readonly initiator: Direction;
  readonly firstNs: number;
  readonly handshakeUs: number;
  readonly rttUs: readonly [number, number];
  readonly serviceUs: number;
}

const both = <T>(read: (direction: Direction) => T): [T, T] => [read(0), read(1)];

function flowsOf(view: FlowView): Flow[] {
  return Array.from({ length: view.length }, (_, i) => ({
    key: Buffer.from(view.key(i)).toString("hex"),
    low: view.lowAddress(i),
    high: view.highAddress(i),
    lowPort: view.lowPort(i),
    highPort: view.highPort(i),
    protocol: view.protocol(i),
    slot: view.slot(i),
    packets: both((d) => view.packets(i, d)),
    bytes: both((d) => view.bytes(i, d)),
    tcpFlags: both((d) => view.tcpFlags(i, d)),
    ifindex: both((d) => view.ifindex(i, d)),
    hook: both((d) => view.hook(i, d)),
    side: both((d) => view.side(i, d)),
    retransmits: both((d) => view.retransmits(i, d)),
    marks: view.marks(i),
    state: view.tcpState(i),
    initiator: view.initiator(i),
    firstNs: view.firstNs(i),
    handshakeUs: view.handshakeUs(i),
    rttUs: both((d) => view.rttUs(i, d)),
    serviceUs: view.serviceUs(i),
  }));
}

/** A reader that is attached nowhere: frames come by BPF_PROG_TEST_RUN. */
export function openLoaded(options: ReaderOptions = {}, handlers: ReaderHandlers = {}): FlowReader {
  return new FlowReader({ attach: false, ...options }, handlers, builtAddon());
}

export async function scan(reader: FlowReader): Promise<Flow[]> {
  const flows: Flow[] = [];
  await reader.scan((view) => flows.push(...flowsOf(view)));
  return flows;
}

/** Ends every flow and returns them final. */
export async function endAll(reader: FlowReader): Promise<Flow[]> {
  const slots = (await scan(reader)).map(({ slot }) => slot);
  const flows: Flow[] = [];
  await reader.end(Uint32Array.from(slots), (view) => flows.push(...flowsOf(view)));
  return flows;
}

export type Program = "flow_ingress" | "flow_egress";

/** Runs each frame through a program of the reader, on the loopback interface. */
export function inject(
  reader: FlowReader,
  frames: readonly Uint8Array[],
  { program = "flow_ingress" as Program, repeat = 1, skb = {} as Context } = {},
): number {
  const { packed, stride } = pack(frames);
  return testPrograms().programRun(reader.descriptors()[program]!, packed, stride, repeat, skb);
}

export const hasTunnel = (flow: Flow) => (flow.marks & marks.tunnel) !== 0;
export const total = ([one, other]: readonly [number, number]) => one + other;
