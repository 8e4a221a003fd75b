import { MiB } from "./units.ts";

/**
 * Most spans, data points or log records in one request of a collector (`send_batch_max_size` of every `batch` processor):
 * at 2 KiB each, a receiver with the default limit of 4 MiB accepts them too.
 * @see https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/config/configgrpc/README.md
 */
export const batchItems = 2_048;
/** Largest mean size of an item in a batch, such as spans with stack traces. A choice; no published figure exists. */
const itemBytes = 8 * 1024;

/** Largest OTLP request that collectors and stores accept: a full batch of such items. */
export const otlpMessageBytes = batchItems * itemBytes;

/**
 * Largest gRPC message between the services of a store. Both Mimir's server and every client of Mimir and Loki default to
 * 100 MiB; Loki's server defaults to 4 MiB and Tempo's to 16 MiB. Loki's jsonnet sets the same value.
 * @see https://github.com/grafana/loki/blob/v3.7.8/production/ksonnet/loki/config.libsonnet
 */
const storeMessageBytes = 100 * MiB;

/**
 * Concurrent gRPC calls per connection. A querier has one connection per ingester, on which the server's default of 100
 * makes calls wait. Value of Loki's jsonnet and of Mimir's Helm chart.
 */
const grpcStreams = 1_000;

/** `server` settings that Mimir, Loki and Tempo share. */
export const grpcServer = {
  grpc_server_max_recv_msg_size: storeMessageBytes,
  grpc_server_max_send_msg_size: storeMessageBytes,
  grpc_server_max_concurrent_streams: grpcStreams,
} as const;

/** One hop of a message, with the limit that its receiver applies. */
export interface MessageHop {
  readonly from: string;
  readonly to: string;
  /** The largest message, in words. */
  readonly largest: string;
  readonly largestBytes: number;
  readonly limitBytes: number;
}

const batch = { largest: `a batch of ${batchItems} items`, largestBytes: batchItems * itemBytes } as const;
const otlp = { ...batch, limitBytes: otlpMessageBytes } as const;
/** Lines that one query returns (`max_entries_limit_per_query`), each of a mean size. Loki's default. */
const lines = { largest: "5,000 log lines", largestBytes: 5_000 * itemBytes, limitBytes: storeMessageBytes } as const;

/**
 * The path of every kind of large message. A message above the limit of one hop fails on every retry, so that senders repeat
 * it until their own timeout.
 */
export const messageHops: readonly MessageHop[] = [
  { from: "application", to: "agent or Alloy", ...otlp },
  { from: "agent or Alloy", to: "gateway", ...otlp },
  { from: "gateway", to: "Tempo or Jaeger", ...otlp },
  // `distributor.max_recv_msg_size`: the default of 100 MiB applies to HTTP bodies.
  { from: "gateway", to: "Loki distributor", ...batch, limitBytes: storeMessageBytes },
  { from: "Loki distributor", to: "Loki ingester", ...batch, limitBytes: storeMessageBytes },
  { from: "Loki ingester", to: "Loki querier", ...lines },
  { from: "Loki querier", to: "Loki query-frontend", ...lines },
  {
    from: "Mimir querier",
    to: "Mimir query-frontend",
    largest: "11,000 points of 250 series",
    largestBytes: 11_000 * 250 * 16,
    limitBytes: storeMessageBytes,
  },
  {
    from: "Tempo live-store or querier",
    to: "Tempo query-frontend",
    // `max_bytes_per_trace`, Tempo's default.
    largest: "the largest trace",
    largestBytes: 5_000_000,
    limitBytes: storeMessageBytes,
  },
];
