import { documentRule } from "../../engine/kinds-of-rules.ts";
import { bytes, duration } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { at, number, text } from "../../engine/values.ts";
import { setting } from "./stores.ts";

const queryWindows = documentRule(
  {
    id: "stores/query-windows",
    formats: ["mimir"],
    title: "Ingesters answer for all that the store-gateways do not have yet",
    severity: "error",
    why: "Between query_store_after and query_ingesters_within both are asked. Where the store starts later than the ingesters end, or the ingesters delete their blocks earlier, a span of time is missing from every answer. https://grafana.com/docs/mimir/latest/references/configuration-parameters/",
    remedy: "query_ingesters_within > query_store_after, and tsdb.retention_period ≥ query_ingesters_within.",
  },
  function* (document) {
    const store = setting(document, "querier", "query_store_after");
    const ingesters = setting(document, "limits", "query_ingesters_within");
    const kept = setting(document, "blocks_storage", "tsdb", "retention_period");
    // Defaults of Mimir 3: 12h, 13h, 13h.
    const after = duration(store.value) ?? 12 * 3600;
    const within = duration(ingesters.value) ?? 13 * 3600;
    const stays = duration(kept.value) ?? 13 * 3600;
    if (within !== 0 && within <= after) {
      yield {
        message: `the store is asked for what is older than ${after / 3600} h, ingesters for what is younger than ${within / 3600} h`,
        path: ingesters.path,
        fix: [set(ingesters.path, `${after / 3600 + 1}h`)],
      };
    } else if (stays < within) {
      yield {
        message: `ingesters keep blocks for ${stays / 3600} h and are asked for ${within / 3600} h`,
        path: kept.path,
        fix: [set(kept.path, `${within / 3600}h`)],
      };
    }
  },
);

/** A size that two ends of a connection have to agree on. */
interface MessageSize {
  readonly format: "mimir" | "loki" | "tempo";
  readonly sender: readonly string[];
  readonly receiver: readonly string[];
  /** Default of each, in bytes. */
  readonly sends: number;
  readonly receives: number;
}

const mebi = 1024 ** 2;

/** Sources: reference configurations of Mimir 3.2, Loki 3.7 and Tempo 3.0. Loki's own defaults disagree. */
const messageSizes: readonly MessageSize[] = [
  {
    format: "mimir",
    sender: ["ingester_client", "grpc_client_config", "max_send_msg_size"],
    receiver: ["server", "grpc_server_max_recv_msg_size"],
    sends: 100 * mebi,
    receives: 100 * mebi,
  },
  {
    format: "mimir",
    sender: ["server", "grpc_server_max_send_msg_size"],
    receiver: ["ingester_client", "grpc_client_config", "max_recv_msg_size"],
    sends: 100 * mebi,
    receives: 100 * mebi,
  },
  {
    format: "mimir",
    sender: ["frontend_worker", "grpc_client_config", "max_send_msg_size"],
    receiver: ["server", "grpc_server_max_recv_msg_size"],
    sends: 100 * mebi,
    receives: 100 * mebi,
  },
  {
    format: "loki",
    sender: ["ingester_client", "grpc_client_config", "max_send_msg_size"],
    receiver: ["server", "grpc_server_max_recv_msg_size"],
    sends: 100 * mebi,
    receives: 4 * mebi,
  },
  {
    format: "loki",
    sender: ["server", "grpc_server_max_send_msg_size"],
    receiver: ["ingester_client", "grpc_client_config", "max_recv_msg_size"],
    sends: 4 * mebi,
    receives: 100 * mebi,
  },
  {
    format: "tempo",
    sender: ["ingester_client", "grpc_client_config", "max_send_msg_size"],
    receiver: ["server", "grpc_server_max_recv_msg_size"],
    sends: 16 * mebi,
    receives: 16 * mebi,
  },
];

const messageSize = documentRule(
  {
    id: "stores/message-size",
    formats: ["mimir", "loki", "tempo"],
    title: "Message-size limits agree along a path",
    severity: "error",
    why: "A message that one side may send and the other refuses fails with ResourceExhausted, always the largest ones: the busiest tenant's writes or the widest queries.",
    remedy: "Give the receiving side at least the limit of the sending side.",
  },
  function* (document) {
    for (const { format, sender, receiver, sends, receives } of messageSizes) {
      if (document.format !== format) continue;
      const [from, to] = [setting(document, ...sender), setting(document, ...receiver)];
      const most = bytes(from.value) ?? sends;
      const taken = bytes(to.value) ?? receives;
      if (most <= taken) continue;
      yield {
        message: `${sender.join(".")} lets ${most} bytes through, ${receiver.join(".")} takes ${taken}`,
        path: to.path,
        fix: [set(to.path, most)],
      };
    }
  },
);

const queryQueue = documentRule(
  {
    id: "stores/query-queue",
    formats: ["mimir", "loki"],
    title: "The query queue of a tenant holds a sharded query",
    severity: "error",
    why: "A query is split by time and by shard into many that wait in one queue. One that has more parts than the queue has places fails with 429, however idle the queriers are.",
    remedy: "Make max_outstanding_requests_per_tenant at least max_query_parallelism, with room for several queries.",
  },
  function* (document) {
    const limits = document.format === "mimir" ? "limits" : "limits_config";
    const parallelism =
      number(at(document.value, limits, "max_query_parallelism")) ?? (document.format === "mimir" ? 14 : 32);
    const places = [
      ["query_scheduler", "max_outstanding_requests_per_tenant"],
      ["frontend", document.format === "mimir" ? "max_outstanding_per_tenant" : "max_outstanding_per_tenant"],
    ];
    const scheduled = text(at(document.value, "frontend", "scheduler_address")) !== undefined;
    for (const [index, place] of places.entries()) {
      const { value, path } = setting(document, ...place);
      // With a scheduler the queue is there. Defaults: 800 in Mimir's, 32,000 in Loki's scheduler.
      if (index === 1 && scheduled) continue;
      const queue =
        number(value) ?? (index === 0 && scheduled ? (document.format === "mimir" ? 800 : 32_000) : undefined);
      if (queue === undefined || queue >= parallelism) continue;
      yield {
        message: `${place.join(".")} is ${queue} and a query has up to ${parallelism} parts at a time`,
        path,
        fix: [set(path, Math.max(800, 4 * parallelism))],
      };
    }
  },
);

/** Rules about the path of queries. */
export const storeQueryRules: readonly Rule[] = [queryWindows, messageSize, queryQueue];
