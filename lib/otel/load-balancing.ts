import { serviceOfHost } from "../formats/index.ts";
import type { Endpoint } from "../kubernetes/index.ts";
import { type QueueStorage, queued, unqueued } from "./queue.ts";

/**
 * How gateways are found. `kubernetes` watches the headless Service's endpoints and hashes over the pods' names, which stay when a
 * pod comes back with a new address; `dns` hashes over addresses, so that every restart moves traces between gateways, but needs no
 * rights.
 */
export type GatewayResolver = "kubernetes" | "dns";

/** Where a `load_balancing` exporter sends, by what, and what it keeps. */
export interface LoadBalancing {
  readonly routingKey: "traceID" | "service" | "resource";
  /** The headless Service of the gateways. */
  readonly to: Endpoint;
  /** @default "kubernetes" */
  readonly resolver?: GatewayResolver;
  readonly queueItems: number;
  /** @default "memory" */
  readonly storage?: QueueStorage;
}

/** A `load_balancing` exporter: all that shares a trace, a service or a resource goes to one gateway. */
export function loadBalancing({ routingKey, to, resolver, queueItems, storage }: LoadBalancing): object {
  return {
    routing_key: routingKey,
    ...queued(queueItems, storage),
    protocol: { otlp: { tls: { insecure: to.scheme === "grpc" }, ...unqueued } },
    resolver:
      resolver === "dns"
        ? { dns: { hostname: to.host, port: String(to.port), interval: "5s", timeout: "1s" } }
        : { k8s: { service: serviceOfHost(to.host), ports: [to.port], return_hostnames: true } },
  };
}
