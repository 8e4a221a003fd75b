/** What a span costs to encode, against OpenTelemetry's own encoder with the same attributes. */
import { createRequire } from "node:module";
import { AttributeTable } from "../src/attributes.ts";
import { Batches } from "../src/export/batch.ts";
import { FlowView } from "../src/flow-view.ts";
import { sizes } from "../src/layout.ts";
import { type AttributeValue, type DecodedSpan, decodeSpans } from "../src/once/decode-span.ts";
import { SpanEncoder } from "../src/span/encoder.ts";
import type { FlowRecord } from "../src/store/flow-record.ts";
import { inject, openLoaded } from "../test/harness.ts";
import * as p from "../test/packets.ts";
import { median, reportRate } from "./report.ts";

const BATCH = 512;
const ROUNDS = 9;
/** Milliseconds of a round. */
const ROUND_MS = 300;

/** Flows of a TCP connection each, with handshake, request, answer and FIN: what most attributes are known of. */
function connections(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const [client, server] = [`10.7.${i >> 8}.${i & 255}`, "192.168.0.2"];
    const packet = (forward: boolean, seq: number, ack: number, flags: number, bytes: number) =>
      p.ethernet(
        p.ipv4(
          { source: forward ? client : server, destination: forward ? server : client, protocol: 6 },
          p.tcp({ from: forward ? 40_000 : 443, to: forward ? 443 : 40_000, seq, ack, flags }, p.zeros(bytes)),
        ),
      );
    const { syn, ack, fin } = p.flag;
    return [
      packet(true, 100, 0, syn, 0),
      packet(false, 500, 101, syn | ack, 0),
      packet(true, 101, 501, ack, 0),
      packet(true, 101, 501, ack, 300),
      packet(false, 501, 401, ack, 900),
      packet(true, 401, 1401, ack | fin, 0),
      packet(false, 1401, 402, ack | fin, 0),
    ];
  }).flat();
}

/** Calls `work` for a while. @returns spans per second, of `BATCH` a call */
function rateOf(work: () => void): number {
  const begun = performance.now();
  let spans = 0;
  while (performance.now() - begun < ROUND_MS) {
    work();
    spans += BATCH;
  }
  return (1000 * spans) / (performance.now() - begun);
}

/** A span as the SDK hands it to an exporter. */
function readableSpan({ name, traceId, spanId, start, end, attributes }: DecodedSpan) {
  const hrTime = (text: string) => [Math.floor(Date.parse(text) / 1000), (Date.parse(text) % 1000) * 1e6] as const;
  return {
    name,
    kind: 2,
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    startTime: hrTime(start),
    endTime: hrTime(end),
    status: { code: 0 },
    attributes: attributes as Record<string, AttributeValue>,
    links: [],
    events: [],
    duration: [0, 0],
    ended: true,
    resource: { attributes: { "service.name": "bench" }, asyncAttributesPending: false },
    instrumentationScope: { name: "skopos-flow-agent" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

export async function encodeSuite(): Promise<void> {
  using reader = openLoaded();
  inject(reader, connections(BATCH));
  await reader.drain();
  let flows: FlowView | undefined;
  const clock = await reader.scan((view) => {
    const copy = Uint8Array.from(view.elements(0, view.length));
    flows ??= new FlowView(copy, view.length, new AttributeTable(new Uint8Array(), () => ({})));
  });
  if (flows?.length !== BATCH) throw new Error(`${flows?.length} flows of ${sizes.record} bytes, not ${BATCH}`);
  const view = flows;
  const ifindex = 1;
  const lo = { ifindex, name: "veth0123abcd", kind: "veth", mac: "02:42:ac:11:00:02" };
  const encoder = new SpanEncoder(new Map([[ifindex, lo]]), Uint32Array.of(1, 2, 3, 4));
  const record: FlowRecord = {
    startNs: 1e9,
    endNs: 2e9,
    packets: [4, 3],
    bytes: [500, 1020],
    number: 0,
    reason: 2,
    ifindex,
  };
  const batches = new Batches({ "service.name": "bench" }, BATCH);
  const encode = () => {
    const batch = batches.take();
    for (let i = 0; i < BATCH; i++) batch.add(encoder.encode(view, i, record, clock));
    const request = batch.request();
    batches.giveBack(batch);
    return request;
  };
  const spans = [...decodeSpans(encode())];
  const attributes = Object.keys(spans[0]!.attributes).length;
  // The version of the metrics package's benchmarks: the agent itself does not depend on it.
  const peers = createRequire(new URL("../../metrics/package.json", import.meta.url));
  const { ProtobufTraceSerializer } = peers("@opentelemetry/otlp-transformer");
  const theirs = spans.map(readableSpan);
  const bytes = ProtobufTraceSerializer.serializeRequest(theirs).length;
  const rounds = Array.from({ length: ROUNDS }, () => ({
    ours: rateOf(encode),
    peer: rateOf(() => ProtobufTraceSerializer.serializeRequest(theirs)),
  }));
  reportRate({
    suite: "spans",
    case: "encode-span",
    unit: "spans/s",
    ours: median(rounds.map(({ ours }) => ours)),
    peer: median(rounds.map(({ peer }) => peer)),
    peerName: "@opentelemetry/otlp-transformer, from ready objects",
    note: `${attributes} attributes, batches of ${BATCH} in ${encode().length} bytes (theirs ${bytes}), target 500 %`,
  });
}
