import { AttributeTable } from "./attributes.ts";
import { type Clock, clockOf } from "./clock.ts";
import { type Drops, DropView, reasonName } from "./drop-view.ts";
import { EventView } from "./event-view.ts";
import { type EncodedFilter, encodeFilter, type FlowFilter, replaceFilter } from "./filter.ts";
import { FlowView } from "./flow-view.ts";
import { requireKernel } from "./kernel.ts";
import { attributeLayout, type Cause, causes, sizes, translationsPerFlow } from "./layout.ts";
import { type Addon, batchKind, interfaceChanges, loadAddon, type NativeBatch, type ReaderHandle } from "./native.ts";
import { type ReaderOptions, resolveOptions } from "./options.ts";
import { ProcessView } from "./process-view.ts";
import { TranslationView } from "./translation-view.ts";
import { TunnelView } from "./tunnel-view.ts";

/** Something that happened to an interface. */
export interface InterfaceChange {
  readonly change: (typeof interfaceChanges)[number];
  readonly ifindex: number;
  readonly name: string;
  /** The kind of a virtual interface as iproute2 has it, such as "veth" or "bridge"; "" for hardware. */
  readonly kind: string;
  /** Such as "02:42:ac:11:00:02"; zeros where it has none. */
  readonly mac: string;
  /** Index of the bridge or bond it belongs to; 0 for none. */
  readonly master: number;
  /** Index of the interface below it or of a veth's peer, when that is in the same namespace; else 0. */
  readonly link: number;
  /** Whether its packets are counted now. */
  readonly attached: boolean;
  /** By TCX links, else by clsact filters. Where both are used one after the other there is a change for each. */
  readonly tcx: boolean;
  /** What keeps the programs from seeing every packet; "" where nothing does. */
  readonly problem: string;
  /** Nanoseconds from the netlink message to both hooks attached; at a handover those of its last step. */
  readonly tookNs: number;
  /** errno of a failed attach, else 0. */
  readonly errno: number;
}

/** What a reader tells; each is called on the main thread, once a batch. */
export interface ReaderHandlers {
  /** New flows. The view is valid during the call. */
  onEvents?(events: EventView): void;
  onInterface?(change: InterfaceChange): void;
}

/** Packets and bytes by cause, of all CPUs. */
export type Counters = Readonly<Record<Cause, { readonly packets: number; readonly bytes: number }>>;

/** What was wanted and does not run on this host, each with the reason. */
export interface Missing {
  /** Joining the two tuples of connections that NAT translates: without, each is a flow of its own. */
  readonly conntrack?: string;
  readonly processes?: string;
  readonly drops?: string;
}

/** Sizes of the shared buffers: each is filled in halves of so many elements. */
const halves = { events: 16_384, records: 8_192, finals: 8_192 } as const;

interface Pending {
  readonly onFlows: ((flows: FlowView) => void) | undefined;
  readonly resolve: (clock: Clock) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * The flow program on this host, and what it saw.
 *
 * Native threads do the work: one follows interfaces and attaches, one drains the event ring, one scans, one ends flows.
 * JavaScript gets one call a batch, its elements in a SharedArrayBuffer. A batch is not overwritten before its callback
 * returns; while a callback runs, one more batch is prepared, then the thread waits and the kernel's ring buffers.
 */
export class FlowReader implements Disposable, AsyncDisposable {
  readonly #addon: Addon;
  readonly #handle: ReaderHandle;
  readonly #handlers: ReaderHandlers;
  readonly #events = new Uint8Array(new SharedArrayBuffer(2 * halves.events * sizes.event));
  readonly #records = new Uint8Array(new SharedArrayBuffer(2 * halves.records * sizes.record));
  readonly #finals = new Uint8Array(new SharedArrayBuffer(2 * halves.finals * sizes.record));
  readonly #pending = new Map<number, Pending>();
  readonly #tickNs: number;
  #commands = 0;
  #filter: EncodedFilter;
  #filters = 1;
  readonly #interfaces = new Map<number, InterfaceChange>();
  readonly #closed = Promise.withResolvers<void>();
  #closing = false;
  #reasonNames: Readonly<Record<string, string>> | undefined;

  /**
   * Loads the program, attaches it to the interfaces there are and follows those that come.
   *
   * Needs the capabilities BPF, PERFMON and NET_ADMIN (and SYS_ADMIN only to enter another `netns`).
   *
   * @throws UnsupportedHostError where the kernel is too old; RangeError for bad options; Error with a `code`
   *   (`NO_PRIVILEGE`, `LOAD_FAILED`, `BAD_OBJECT`, `NO_NETNS`, ...) when loading fails.
   */
  constructor(options: ReaderOptions = {}, handlers: ReaderHandlers = {}, addon: Addon = loadAddon()) {
    requireKernel();
    this.#addon = addon;
    this.#handlers = handlers;
    this.#tickNs = addon.layout().tickNs!;
    this.#filter = encodeFilter(options.filter);
    this.#handle = addon.open(resolveOptions(options), this.#events, this.#records, this.#finals, (batch) =>
      this.#received(batch),
    );
  }

  /**
   * Reads every live flow, after the events waiting in the ring were delivered.
   *
   * @param changedSince only flows that a packet came for since then: the clock of an earlier scan @default all flows
   * @param attributes also read what else is known of each flow, on the thread that scans: `FlowView.attributes` @default false
   * @returns the clock at the scan's beginning, when the last batch was handled.
   */
  scan(onFlows: (flows: FlowView) => void, changedSince?: Clock, attributes = false): Promise<Clock> {
    // A tick earlier: a packet counted while the clock was read must not be missed by both scans.
    const since = changedSince ? (changedSince.jiffies - 1) >>> 0 : 0;
    return this.#command(onFlows, (id) => this.#addon.scan(this.#handle, id, since, attributes));
  }

  /**
   * Takes flows out of the kernel and gives their final counters, to which nothing can be added any more. A packet that
   * comes later begins a new flow. Slots that hold no flow are passed over.
   *
   * @param slots numbers of the flows' slots, as the views give them
   */
  end(slots: Uint32Array, onFinal: (flows: FlowView) => void): Promise<Clock> {
    return this.#command(onFinal, (id) => this.#addon.end(this.#handle, id, slots));
  }

  /** Delivers the events waiting in the ring now, without waiting for the timer. */
  drain(): Promise<Clock> {
    return this.#command(undefined, (id) => this.#addon.drain(this.#handle, id));
  }

  /** The kernel program's own counters. */
  counters(): Counters {
    const values = new Float64Array(2 * causes.length);
    this.#addon.counters(this.#handle, values);
    const entries = causes.map((cause, i) => [cause, { packets: values[2 * i]!, bytes: values[2 * i + 1]! }] as const);
    return Object.fromEntries(entries) as unknown as Counters;
  }

  /**
   * How often a batch had to wait because JavaScript still had the one before: more than now and then, and the main thread is too
   * busy for the flows there are.
   */
  waits(): { readonly events: number; readonly records: number; readonly finals: number } {
    const [events, records, finals] = this.#addon.waits(this.#handle);
    return { events, records, finals };
  }

  /** The interfaces whose packets are counted, each as its last change had it. A `problem` of any is one of the agent's health. */
  interfaces(): InterfaceChange[] {
    return [...this.#interfaces.values()];
  }

  /**
   * Puts another filter in force. Flows that are counted already go on; what the old one refused is asked about again.
   *
   * @throws RangeError naming everything that is wrong.
   */
  setFilter(filter: FlowFilter): void {
    const next = encodeFilter(filter);
    this.#filters += 1;
    this.#addon.update(this.#handle, replaceFilter(this.#filter, next, this.#filters));
    this.#filter = next;
  }

  /** The tunnels of flows that have the mark: one element a slot, its type "none" where there is none. */
  tunnels(slots: Uint32Array): TunnelView {
    return new TunnelView(this.#attributes("tunnels", slots, sizes.tunnel));
  }

  /** The other tuples of live translated flows (`marks.translated`); an ended flow's come with its final record. */
  translations(slots: Uint32Array): TranslationView {
    return new TranslationView(this.#attributes("translations", slots, translationsPerFlow * sizes.translation));
  }

  /** Who sends live flows' packets, where `processes` runs and `marks.extras` is set. */
  processes(slots: Uint32Array): ProcessView {
    return new ProcessView(this.#attributes("processes", slots, sizes.processes));
  }

  /** Live flows' dropped packets, where `drops` runs and `marks.extras` is set. */
  flowDrops(slots: Uint32Array): DropView {
    return new DropView(this.#attributes("drops", slots, sizes.drops), this.#reasons());
  }

  /** Everything the kernel dropped since the reader began, by reason; empty where `drops` does not run. */
  drops(): Drops[] {
    const values = this.#addon.dropReasons(this.#handle);
    return Array.from({ length: values.length / 3 }, (_, i) => ({
      reason: reasonName(this.#reasons(), values[3 * i]!),
      packets: values[3 * i + 1]!,
      bytes: values[3 * i + 2]!,
    }));
  }

  /** Names of the kernel's drop reasons, by number: for {@link ShardReader}. */
  get dropReasonNames(): Readonly<Record<string, string>> {
    return this.#reasons();
  }

  /** What this host's kernel, or an option, keeps from running. */
  missing(): Missing {
    return this.#addon.missing(this.#handle);
  }

  /** File descriptors of the loaded programs and maps by name, valid until `close`. */
  descriptors(): Readonly<Record<string, number>> {
    return this.#addon.descriptors(this.#handle);
  }

  /**
   * Detaches, ends the threads, frees everything, on a thread of its own: the kernel takes its time for each interface. Commands
   * under way are rejected. Closing twice is allowed.
   *
   * @returns when all of it is done.
   */
  close(): Promise<void> {
    if (!this.#closing) this.#addon.close(this.#handle);
    this.#closing = true;
    for (const { reject } of this.#pending.values()) reject(new Error("the flow reader was closed"));
    this.#pending.clear();
    return this.#closed.promise;
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #attributes(map: Parameters<Addon["attributes"]>[1], slots: Uint32Array, size: number): Uint8Array {
    const buffer = new Uint8Array(slots.length * size);
    this.#addon.attributes(this.#handle, map, slots, buffer);
    return buffer;
  }

  #reasons(): Readonly<Record<string, string>> {
    this.#reasonNames ??= this.#addon.enumNames("skb_drop_reason");
    return this.#reasonNames;
  }

  #command(onFlows: Pending["onFlows"], start: (id: number) => void): Promise<Clock> {
    this.#commands = (this.#commands + 1) >>> 0;
    const id = this.#commands;
    return new Promise((resolve, reject) => {
      start(id);
      this.#pending.set(id, { onFlows, resolve, reject });
    });
  }

  #received(batch: NativeBatch): void {
    if (batch.kind === batchKind.events) {
      this.#handlers.onEvents?.(new EventView(part(this.#events, batch, sizes.event), batch.count));
    } else if (batch.kind === batchKind.records) {
      const view = new FlowView(
        part(this.#records, batch, sizes.record),
        batch.count,
        this.#attributesOf(this.#records, batch),
      );
      this.#pending.get(batch.command)?.onFlows?.(view);
    } else if (batch.kind === batchKind.finals) {
      const view = new FlowView(
        part(this.#finals, batch, sizes.record),
        batch.count,
        this.#attributesOf(this.#finals, batch),
      );
      this.#pending.get(batch.command)?.onFlows?.(view);
    } else if (batch.kind === batchKind.interface) {
      this.#interfaceChanged(batch);
    } else if (batch.kind === batchKind.closed) {
      this.#closed.resolve();
    } else {
      const pending = this.#pending.get(batch.command);
      this.#pending.delete(batch.command);
      if (batch.errno) pending?.reject(new Error(`the flow maps could not be read: errno ${batch.errno}`));
      else pending?.resolve(this.#clock(batch));
    }
  }

  /** They fill the half from its end. */
  #attributesOf(half: Uint8Array, { offset, attributes }: NativeBatch): AttributeTable {
    const end = offset + Math.floor(half.byteLength / 2 / 8) * 8;
    const buffer = half.subarray(end - attributes * attributeLayout.size, end);
    return new AttributeTable(buffer, () => this.#reasons());
  }

  #interfaceChanged(batch: NativeBatch): void {
    const { ifindex, name, interfaceKind: kind, mac, master, link, attached, tcx, problem, tookNs, errno } = batch;
    const change = interfaceChanges[batch.change]!;
    const now = { change, ifindex, name, kind, mac, master, link, attached, tcx, problem, tookNs, errno };
    if (attached) this.#interfaces.set(ifindex, now);
    else this.#interfaces.delete(ifindex);
    this.#handlers.onInterface?.(now);
  }

  #clock({ jiffies, monotonicNs, realtimeOffsetNs, ringBytes }: NativeBatch): Clock {
    return clockOf({ jiffies, monotonicNs, realtimeOffsetNs, ringBytes }, this.#tickNs);
  }
}

const part = (buffer: Uint8Array, { offset, count }: NativeBatch, size: number) =>
  buffer.subarray(offset, offset + count * size);
