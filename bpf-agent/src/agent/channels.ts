import type { InstrumentsOf, Registry } from "@skopos/metrics";
import type { SpanChannel } from "../export/span-channel.ts";
import type { catalogue } from "./catalogue.ts";

/** Measures a channel of the pipeline: one ring for each poller. */
export function measureChannel(
  channel: "decorator_input" | "export",
  rings: readonly SpanChannel[],
  registry: Registry,
  metrics: InstrumentsOf<typeof catalogue>,
): void {
  const [size, used] = [metrics.channelSize.with({ channel }), metrics.channelUsed.with({ channel })];
  const sum = (of: (ring: SpanChannel) => number) => rings.reduce((total, ring) => total + of(ring), 0);
  metrics.channelCapacity.set(
    { channel },
    sum(({ capacityBytes }) => capacityBytes),
  );
  registry.onCollect(() => {
    size.set(sum((ring) => ring.size));
    used.set(Math.max(...rings.map(({ usedBytes, capacityBytes }) => usedBytes / capacityBytes)));
  });
}
