import type { FlowView } from "../flow-view.ts";
import type { FlowRecord } from "./flow-record.ts";

/** What a poller does with its flows. */
export interface PollerSink {
  /**
   * Takes a record; `record` and the view are valid during the call.
   *
   * @returns false where there was no room: a record of a flow that goes on is made again later, with what came meanwhile
   */
  record(flows: FlowView, index: number, record: FlowRecord): boolean;
  /** Asks for flows to be ended; their final records come by `onFinals`. */
  end(slots: Uint32Array): void;
}

/** What a poller counts. */
export interface PollerCounts {
  /** A flow that came by an event. */
  processed(): void;
  /** A flow that is kept from now on; `byEvent` is false where a scan found it, because its event was lost. */
  created(ifindex: number, byEvent: boolean): void;
  /** A flow that is not kept any more. */
  removed(ifindex: number): void;
  /** An event that names no slot of this poller. */
  invalid(): void;
  /** A flow whose time was up. */
  expired(): void;
  /** A record that there was no room for: one that is made again, or a last one, which is lost. */
  refused(final: boolean): void;
  /** A record that was made. */
  recorded(): void;
  /** A flow that was ended, and of which no final record came. */
  unfinished(): void;
}
