export type { FlowAttributes } from "./attributes.ts";
export type { Clock } from "./clock.ts";
export { communityId } from "./community-id.ts";
export { type Drops, DropView } from "./drop-view.ts";
export { EventView } from "./event-view.ts";
export type { FlowFilter, Rules } from "./filter.ts";
export { FlowView, formatAddress, type Hook, KeyView, type Side, type TcpState } from "./flow-view.ts";
export { kernelFeatures, minimumKernel, UnsupportedHostError } from "./kernel.ts";
export { type Cause, causes, type Direction, marks, type TunnelType } from "./layout.ts";
export type { FlowFeatures, ReaderOptions } from "./options.ts";
export {
  type Counters,
  FlowReader,
  type InterfaceChange,
  type Missing,
  type ReaderHandlers,
} from "./reader.ts";
export { type ShardHandlers, ShardReader, ShardRings, shardOf } from "./shard-ring.ts";
export { type Endpoint, type Ends, TranslationView } from "./translation-view.ts";
export { TunnelView } from "./tunnel-view.ts";
