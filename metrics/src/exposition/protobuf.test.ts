import { describe, expect, it } from "vitest";
import { Registry } from "../registry/registry.ts";
import { formatFor } from "./negotiate.ts";
import { Renderer } from "./renderer.ts";

/** Reads the wire format by its rules alone: fields by number, nested ones as bytes. */
function fields(bytes: Buffer): Map<number, (number | bigint | Buffer)[]> {
  const found = new Map<number, (number | bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    let value: number | bigint | Buffer;
    if (tag % 8 === 0) value = varint();
    else if (tag % 8 === 1) {
      value = bytes.readDoubleLE(at);
      at += 8;
    } else {
      const length = Number(varint());
      value = bytes.subarray(at, at + length);
      at += length;
    }
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), value]);
  }
  return found;
}

const render = (registry: Registry): Buffer => new Renderer(registry).render(formatFor("protobuf"));

/** The first metric of the first family. */
function metric(registry: Registry): { family: ReturnType<typeof fields>; metric: ReturnType<typeof fields> } {
  const bytes = render(registry);
  // A delimited message of less than 16 KiB: its length takes one or two bytes.
  const family = fields(bytes.subarray(bytes[0]! < 128 ? 1 : 2));
  return { family, metric: fields(family.get(4)![0] as Buffer) };
}

const now = () => 1_700_000_000_500;

describe("the protobuf format", () => {
  it("holds a counter above 32 bits, its labels, unit, exemplar and creation", () => {
    const registry = new Registry({ ownMetrics: false, now });
    const counter = registry.metric({
      name: "sent_bytes_total",
      type: "counter",
      help: "Sent.",
      unit: "bytes",
      labels: { to: "any" },
      exemplars: true,
    });
    counter.inc({ to: "ä" }, 2 ** 40, { trace_id: "t" });
    const { family, metric: found } = metric(registry);
    expect(String(family.get(1))).toBe("sent_bytes_total");
    expect(String(family.get(5))).toBe("bytes");
    const label = fields(found.get(1)![0] as Buffer);
    expect([String(label.get(1)), String(label.get(2))]).toEqual(["to", "ä"]);
    const body = fields(found.get(3)![0] as Buffer);
    expect(body.get(1)).toEqual([2 ** 40]);
    expect(fields(body.get(3)![0] as Buffer)).toEqual(
      new Map([
        [1, [1_700_000_000n]],
        [2, [500_000_000n]],
      ]),
    );
    const exemplar = fields(body.get(2)![0] as Buffer);
    expect(exemplar.get(2)).toEqual([2 ** 40]);
  });

  it("holds classic histograms and summaries", () => {
    const classic = new Registry({ ownMetrics: false, now });
    const histogram = classic.metric({ name: "h", type: "histogram", help: "H.", buckets: [1] });
    for (const value of [0.5, 5]) histogram.observe(value);
    const body = fields(metric(classic).metric.get(7)![0] as Buffer);
    expect([body.get(1), body.get(2)]).toEqual([[2n], [5.5]]);
    expect(body.get(3)!.map((bucket) => fields(bucket as Buffer))).toEqual([
      new Map<number, unknown>([
        [1, [1n]],
        [2, [1]],
      ]),
      new Map<number, unknown>([
        [1, [2n]],
        [2, [Infinity]],
      ]),
    ]);
    const summary = new Registry({ ownMetrics: false, now });
    summary.metric({ name: "s", type: "summary", help: "S.", quantiles: [0.5] }).observe(3);
    const summed = fields(metric(summary).metric.get(4)![0] as Buffer);
    expect([summed.get(1), summed.get(2)]).toEqual([[1n], [3]]);
    expect(fields(summed.get(3)![0] as Buffer)).toEqual(
      new Map([
        [1, [0.5]],
        [2, [3]],
      ]),
    );
  });

  it("holds exponential histograms as spans and differences", () => {
    const registry = new Registry({ ownMetrics: false, now });
    const native = registry.metric({ name: "e", type: "exponential_histogram", help: "E.", bucketFactor: 2 });
    // Buckets 0, 1, 3 (one empty between: the same span) and 10 (six empty: a span of its own).
    for (const value of [1, 1, 2, 8, 1024, 0]) native.observe(value);
    const body = fields(metric(registry).metric.get(7)![0] as Buffer);
    expect(body.get(7)).toEqual([1n]);
    const zigzag = (value: bigint) => (value & 1n ? -(value >> 1n) - 1n : value >> 1n);
    const spans = body.get(12)!.map((span) => fields(span as Buffer));
    expect(spans.map((span) => [zigzag(span.get(1)![0] as bigint), span.get(2)![0]])).toEqual([
      [0n, 4n],
      [6n, 1n],
    ]);
    // Counts 2, 1, 0, 1 and 1.
    expect([...(body.get(13)![0] as Buffer)].map((byte) => zigzag(BigInt(byte)))).toEqual([2n, -1n, -1n, 1n, 0n]);
    expect(body.get(9)).toBeUndefined();
  });

  it("holds gauges, infos and each state", () => {
    const registry = new Registry({ ownMetrics: false, now });
    registry.metric({ name: "phase", type: "stateset", help: "P.", states: ["x", "y"] }).set("y");
    const { family } = metric(registry);
    const values = family.get(4)!.map((one) => fields(fields(one as Buffer).get(2)![0] as Buffer).get(1)![0]);
    expect(values).toEqual([0, 1]);
  });

  it("grows with what is in it", () => {
    const registry = new Registry({ ownMetrics: false, now });
    const gauge = registry.metric({ name: "g", type: "gauge", help: "G.", labels: { a: "any" } });
    for (let a = 0; a < 5000; a++) gauge.set({ a: `${a}`.padEnd(30, "x") }, a);
    expect(render(registry).length).toBeGreaterThan(5000 * 40);
  });
});
