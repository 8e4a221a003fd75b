import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { InstrumentsOf, Registry } from "@skopos/metrics";
import { Doorbell, SpanChannel } from "../export/span-channel.ts";
import type { DecorationOptions } from "../kubernetes/decoration.ts";
import { startThread } from "../worker-file.ts";
import type { catalogue } from "./catalogue.ts";
import { measureChannel } from "./channels.ts";
import type { Health } from "./health.ts";
import type { DecoratorInput, FromDecorator } from "./messages.ts";

/** The thread of decoration, and the channels that lead to it. */
export interface Decoration {
  readonly thread: Worker;
  /** One channel per poller. */
  readonly inputs: readonly SpanChannel[];
  /** Wakes the thread. */
  readonly bell: Doorbell;
  /** Decorates what waits, for no longer than `graceMs`; the pollers must have ended. */
  stop(graceMs: number): Promise<void>;
}

/** What decoration is made of. */
export interface Decorating {
  readonly options: DecorationOptions;
  /** Channels to the exporter, and its bell. */
  readonly channels: readonly SpanChannel[];
  readonly bell: Doorbell;
  readonly registry: Registry;
  readonly metrics: InstrumentsOf<typeof catalogue>;
  readonly health: Health;
  readonly log: (line: string) => void;
}

/** Starts the thread of decoration, and measures its channels. */
export function startDecoration(made: Decorating): Decoration {
  const { options, channels, registry, metrics, health, log } = made;
  const inputs = channels.map(() => SpanChannel.create(options.inputBytes));
  const bell = new Doorbell();
  const workerData: DecoratorInput = {
    options,
    inputs: inputs.map(({ buffer }) => buffer),
    outputs: channels.map(({ buffer }) => buffer),
    bell: bell.buffer,
    exporterBell: made.bell.buffer,
  };
  const thread = startThread(new URL("./decorator-thread", import.meta.url), { workerData, name: "decorator" });
  let isSynced = false;
  health.synced = () => isSynced;
  thread.on("message", (message: FromDecorator) => {
    if ("synced" in message) isSynced = true;
    else log(message.said);
  });
  measureChannel("decorator_input", inputs, registry, metrics);
  return {
    thread,
    inputs,
    bell,
    async stop(graceMs) {
      const ended = once(thread, "exit");
      thread.postMessage("stop");
      if (await Promise.race([ended.then(() => true), sleep(graceMs, false)])) return;
      await thread.terminate();
      const left = inputs.reduce((sum, { size }) => sum + size, 0);
      metrics.undecorated.inc({ reason: "no_room" }, left);
      metrics.spansDropped.inc(left);
      log(`${left} spans could not be decorated within the grace period: they are lost`);
    },
  };
}
