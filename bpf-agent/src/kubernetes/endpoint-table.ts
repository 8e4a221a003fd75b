import { addressBytes } from "../filter.ts";
import { AddressIndex, NONE } from "./address-index.ts";
import type { EndpointEntity } from "./entities.ts";
import { type Facts, ObjectTable } from "./object-table.ts";
import { type EndpointSlice, protocolNumber } from "./objects.ts";

/** How long before it is listed an endpoint may have connections: the API server's news come later than kube-proxy's rules may. */
const SLACK_MS = 5_000;

/** An address behind a Service. */
export interface Endpoint {
  readonly slice: SliceFacts;
  readonly address: string;
  /** The pod that has it; undefined where it is none. */
  readonly pod: EndpointEntity | undefined;
  readonly fromMs: number;
  untilMs: number;
}

interface SliceFacts extends Facts {
  /** NAMESPACE/NAME of the Service. */
  readonly service: string;
  /** protocol << 16 | port; empty where every port is behind the Service. */
  ports: readonly number[];
  endpoints: Map<string, Endpoint>;
}

const none: readonly Endpoint[] = [];

/** Whether an endpoint was there at a time. @param port protocol << 16 | port; 0 for any */
export const isEndpoint = ({ slice: { ports }, fromMs, untilMs }: Endpoint, port: number, atMs: number): boolean =>
  (port === 0 || ports.length === 0 || ports.includes(port)) && atMs >= fromMs - SLACK_MS && atMs < untilMs;

/** EndpointSlices: which Services an address and port are behind, and which pod has the address. */
export class EndpointTable extends ObjectTable<EndpointSlice, SliceFacts> {
  readonly #index = new AddressIndex();
  /** Endpoints of an address, by the number that the index has for it. */
  readonly #byAddress: Endpoint[][] = [];
  readonly #free: number[] = [];

  /** Endpoints that an address has or had, at any time. */
  of(bytes: Uint8Array, offset: number): readonly Endpoint[] {
    const number = this.#index.ownerAt(bytes, offset, 0);
    return number === NONE ? none : this.#byAddress[number]!;
  }

  protected keep(slice: EndpointSlice, before: SliceFacts | undefined, nowMs: number): SliceFacts | undefined {
    const { uid, name, namespace = "", labels } = slice.metadata;
    const service = labels?.["kubernetes.io/service-name"];
    if (service === undefined) return undefined;
    const facts: SliceFacts = before ?? {
      uid,
      name,
      namespace,
      service: `${namespace}/${service}`,
      ports: [],
      endpoints: new Map(),
      goneMs: Number.POSITIVE_INFINITY,
    };
    facts.ports = (slice.ports ?? []).flatMap(({ port, protocol }) =>
      port === undefined || port === null ? [] : [(protocolNumber(protocol) << 16) | port],
    );
    const named = new Set<string>();
    for (const { addresses, nodeName = "", targetRef } of slice.endpoints ?? []) {
      for (const address of addresses) {
        named.add(address);
        const known = facts.endpoints.get(address);
        const isOpen = known?.untilMs === Number.POSITIVE_INFINITY;
        if (isOpen && known.pod?.uid === targetRef?.uid) continue;
        if (isOpen) this.#leave(known, nowMs);
        const isPod = targetRef?.kind === "Pod" && targetRef.uid !== undefined;
        const pod: EndpointEntity | undefined = isPod
          ? {
              kind: "endpoint",
              uid: targetRef.uid as string,
              name: targetRef.name ?? "",
              namespace: targetRef.namespace ?? namespace,
              node: nodeName,
              goneMs: Number.POSITIVE_INFINITY,
            }
          : undefined;
        // What the first list has may have been there for long.
        const endpoint = { slice: facts, address, pod, fromMs: before ? nowMs : 0, untilMs: Number.POSITIVE_INFINITY };
        facts.endpoints.set(address, endpoint);
        this.#enter(endpoint);
      }
    }
    for (const [address, endpoint] of facts.endpoints) if (!named.has(address)) this.#leave(endpoint, nowMs);
    return facts;
  }

  protected ended(facts: SliceFacts, nowMs: number): void {
    for (const endpoint of facts.endpoints.values()) this.#leave(endpoint, nowMs);
  }

  protected forgotten(facts: SliceFacts): void {
    for (const endpoint of facts.endpoints.values()) this.#drop(endpoint);
  }

  override forget(beforeMs: number): void {
    super.forget(beforeMs);
    for (const endpoints of this.#byAddress)
      for (const endpoint of [...endpoints]) if (endpoint.untilMs < beforeMs) this.#drop(endpoint);
  }

  #enter(endpoint: Endpoint): void {
    const address = addressBytes(endpoint.address);
    let number = this.#index.ownerAt(address, 0, 0);
    if (number === NONE) {
      number = this.#free.pop() ?? this.#byAddress.push([]) - 1;
      this.#index.open(address, number, 0);
    }
    this.#byAddress[number]!.push(endpoint);
  }

  #leave(endpoint: Endpoint, nowMs: number): void {
    endpoint.untilMs = Math.min(endpoint.untilMs, nowMs);
  }

  #drop(endpoint: Endpoint): void {
    const address = addressBytes(endpoint.address);
    const number = this.#index.ownerAt(address, 0, 0);
    if (number === NONE) return;
    const left = this.#byAddress[number]!.filter((each) => each !== endpoint);
    this.#byAddress[number] = left;
    if (endpoint.slice.endpoints.get(endpoint.address) === endpoint) endpoint.slice.endpoints.delete(endpoint.address);
    if (left.length > 0) return;
    this.#index.remove(address, number);
    this.#free.push(number);
  }
}
