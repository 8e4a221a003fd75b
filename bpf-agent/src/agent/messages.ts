import type { MessagePort } from "node:worker_threads";
import type { FlowFilter } from "../filter.ts";
import type { DecorationOptions } from "../kubernetes/decoration.ts";
import type { ReaderOptions } from "../options.ts";
import type { InterfaceFacts } from "../span/interfaces.ts";
import type { PollerOptions } from "../store/poller.ts";

/** What a poller's thread begins with. */
export interface PollerInput {
  readonly options: PollerOptions;
  /** Ring of what the reader delivers. */
  readonly ring: SharedArrayBuffer;
  /** Channel of spans to the exporter, or to decoration. */
  readonly channel: SharedArrayBuffer;
  /** Wakes who reads the channel. */
  readonly bell: SharedArrayBuffer;
  /** How long a last record waits for room in the channel when the agent stops, in milliseconds. */
  readonly graceMs: number;
  /** Whether spans are decorated. */
  readonly decorates: boolean;
  /** Seed of the spans' identifiers. */
  readonly seed: Uint32Array;
  /** To the ingest thread. */
  readonly port: MessagePort;
}

/** What the ingest thread tells a poller. */
export type ToPoller = { readonly interface: InterfaceFacts } | { readonly gone: number } | { readonly drain: true };

/** What a poller tells the ingest thread: flows to end. While it drains it says so after each scan, also when there are none. */
export interface FromPoller {
  readonly end: Uint32Array;
}

/** What the ingest thread begins with. */
export interface IngestInput {
  readonly reader: ReaderOptions;
  readonly pollMs: number;
  readonly rings: readonly SharedArrayBuffer[];
  readonly ports: readonly MessagePort[];
}

/** What the main thread tells the ingest thread. */
export type ToIngest = { readonly stop: true } | { readonly filter: FlowFilter };

/** What the ingest thread tells the main thread. */
export type FromIngest =
  | { readonly ready: true; readonly missing: Readonly<Record<string, string>> }
  | { readonly scanned: true; readonly problems: readonly string[] }
  | { readonly filtered: true }
  | { readonly failed: string };

/** What the decorator's thread begins with. */
export interface DecoratorInput {
  readonly options: DecorationOptions;
  /** Channels from the pollers, and one to the exporter for each. */
  readonly inputs: readonly SharedArrayBuffer[];
  readonly outputs: readonly SharedArrayBuffer[];
  /** Wakes this thread, and the exporter. */
  readonly bell: SharedArrayBuffer;
  readonly exporterBell: SharedArrayBuffer;
}

/** What the decorator's thread tells the main thread. */
export type FromDecorator = { readonly synced: true } | { readonly said: string };
