import type { SecretKey } from "../../kubernetes/index.ts";
import type { Blocks, Pipeline } from "../config.ts";

/** Components and pipelines of your own in a collector, in the collector's own configuration language. */
export interface CollectorAdditions {
  /** By `type` or `type/name`. Their addresses become ports of the Service, which any pod may connect to. @default none */
  readonly receivers?: Blocks;
  /** By `type` or `type/name`. @default none */
  readonly processors?: Blocks;
  /** By `type` or `type/name`. Network policies admit the ports of their addresses. @default none */
  readonly exporters?: Blocks;
  /** By `type` or `type/name`. @default none */
  readonly connectors?: Blocks;
  /** By `type` or `type/name`: authentication of exporters and receivers. @default none */
  readonly extensions?: Blocks;
  /**
   * By name. One that the collector has gets the components in addition: processors run after its own, before `batch`. Any other
   * is a pipeline of its own, with `memory_limiter` first and `batch` last.
   * @default none
   */
  readonly pipelines?: Readonly<Record<string, Partial<Pipeline>>>;
  /** Addresses that no `endpoint`, `url` or `brokers` of the components states: `host:port`. @default none */
  readonly destinations?: readonly string[];
  /** Variables of the container, which components refer to as `${env:NAME}`. @default none */
  readonly secrets?: Readonly<Record<string, SecretKey>>;
}
