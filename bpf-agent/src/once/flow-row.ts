import type { AttributeValue, DecodedSpan } from "./decode-span.ts";

/** A flow as a table shows it. */
export interface FlowRow {
  readonly transport: string;
  readonly source: string;
  readonly destination: string;
  /** Bytes from the initiator, and back, since the flow began. */
  readonly sent: number;
  readonly received: number;
  /** Bytes both ways of the last record, and the seconds that it covers. */
  readonly bytes: number;
  readonly seconds: number;
  readonly state: string;
  readonly ended: boolean;
}

/** What a record says of its flow. */
export function rowOf({ attributes, start, end }: DecodedSpan): FlowRow {
  const number = (name: string) => Number(attributes[name] ?? 0);
  return {
    transport: String(attributes["network.transport"] ?? ""),
    source: endpointOf(attributes, "source"),
    destination: endpointOf(attributes, "destination"),
    sent: number("flow.bytes.total"),
    received: number("flow.reverse.bytes.total"),
    bytes: number("flow.bytes.delta") + number("flow.reverse.bytes.delta"),
    seconds: (Date.parse(end) - Date.parse(start)) / 1000,
    state: String(attributes["flow.connection.state"] ?? ""),
    ended: attributes["flow.end_reason"] !== "active_timeout",
  };
}

/** The pod of an end if it is known, else its address; with the port. */
function endpointOf(attributes: Readonly<Record<string, AttributeValue>>, end: "source" | "destination"): string {
  const address = String(attributes[`${end}.address`] ?? "");
  const pod = attributes[`${end}.k8s.pod.name`];
  const namespace = attributes[`${end}.k8s.namespace.name`];
  const port = attributes[`${end}.port`];
  const host = pod === undefined ? address : `${namespace ?? ""}/${pod}`;
  if (port === undefined) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes in three digits, such as 1.25 MB. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${units[unit]}`;
}
