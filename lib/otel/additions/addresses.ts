import { isKnownLater, type Port, parseHostPort, portOf } from "../../formats/index.ts";
import type { Blocks } from "../config.ts";

/** A port that a component listens on. */
export interface Listener {
  readonly component: string;
  readonly port: number;
  readonly udp: boolean;
  /** Whether only its own pod can reach it. */
  readonly loopback: boolean;
}

/** A port that a component connects to. */
export interface Destination {
  readonly component: string;
  readonly port: Port;
}

/** Names of settings with addresses. */
const addressKey = /^(endpoints?|brokers|addresses|address|urls?|\w+_(endpoint|address|url))$/;

const ports: Readonly<Record<string, number>> = {
  http: 80,
  ws: 80,
  amqp: 5672,
  amqps: 5671,
  pulsar: 6650,
  mongodb: 27017,
};

/** Receivers that listen on UDP unless their `transport` says otherwise. */
const udpByDefault = new Set(["statsd", "netflow", "collectd"]);

/** Parts of components that listen on UDP. */
const udpParts = new Set(["udp", "thrift_compact", "thrift_binary"]);

interface Address {
  readonly text: string;
  readonly udp: boolean;
}

function* addressesIn(value: unknown, key: string, udp: boolean): Generator<Address> {
  if (typeof value === "string") {
    if (addressKey.test(key)) yield { text: value, udp };
  } else if (Array.isArray(value)) for (const item of value) yield* addressesIn(item, key, udp);
  else if (value !== null && typeof value === "object") {
    const { transport } = value as { transport?: unknown };
    const inner = typeof transport === "string" ? transport.startsWith("udp") : udp;
    for (const [name, item] of Object.entries(value)) yield* addressesIn(item, name, inner || udpParts.has(name));
  }
}

/** Addresses of components: where they listen and where they connect to. A variable as host is the pod itself for receivers. */
export function addressesOf(
  blocks: Blocks,
  kind: "receivers" | "exporters" | "extensions",
): { readonly listeners: readonly Listener[]; readonly destinations: readonly Destination[] } {
  const listeners: Listener[] = [];
  const destinations: Destination[] = [];
  for (const [component, block] of Object.entries(blocks)) {
    const [type = ""] = component.split("/");
    for (const { text, udp } of addressesIn(block, "", udpByDefault.has(type))) {
      const [, scheme = "", authority = ""] = /^(?:([a-z][\w+.-]*):\/{2,3})?(?:[^/@]*@)?([^/?#]*)/i.exec(text) ?? [];
      const own = /^(0\.0\.0\.0|\[::\]|localhost|127\.[\d.]+|\[::1\])?:(\d+)$/.exec(authority);
      const ofVariable = /^\$\{(?:env:)?\w+\}:(\d+)$/.exec(authority);
      if (isKnownLater(text)) destinations.push({ component, port: portOf(text, 443) });
      else if (own || (ofVariable && kind === "receivers")) {
        const loopback = /^(localhost|127|\[::1)/.test(authority);
        listeners.push({ component, port: Number(own?.[2] ?? ofVariable?.[1]), udp, loopback });
      } else if (ofVariable) destinations.push({ component, port: Number(ofVariable[1]) });
      else {
        const server = parseHostPort(authority);
        if (server) destinations.push({ component, port: server.port ?? ports[scheme] ?? 443 });
      }
    }
  }
  return { listeners, destinations };
}
