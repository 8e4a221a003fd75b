import { expect, test } from "vitest";
import type { DecodedSpan } from "./decode-span.ts";
import { bytesText, rowOf } from "./flow-row.ts";
import { tableLines } from "./table.ts";

const span = (attributes: DecodedSpan["attributes"]): DecodedSpan => ({
  name: "flow_ipv4_tcp",
  traceId: "1",
  spanId: "2",
  start: "2026-01-01T00:00:00.000Z",
  end: "2026-01-01T00:00:02.000Z",
  attributes: {
    "network.transport": "tcp",
    "source.address": "10.1.0.2",
    "source.port": 40_000,
    "destination.address": "10.2.0.2",
    "destination.port": 443,
    "flow.bytes.total": 1_234_567,
    "flow.reverse.bytes.total": 999,
    "flow.bytes.delta": 20_000,
    "flow.reverse.bytes.delta": 0,
    "flow.connection.state": "established",
    "flow.end_reason": "active_timeout",
    ...attributes,
  },
});

test("a wide terminal has every column", () => {
  expect(tableLines([rowOf(span({}))], 120)).toEqual([
    expect.stringMatching(/^PROTO +SOURCE +DESTINATION +SENT +RECEIVED +RATE +STATE$/),
    expect.stringMatching(/^tcp +10\.1\.0\.2:40000 +10\.2\.0\.2:443 +1\.23 MB +999 B +10\.0 kB\/s +established$/),
  ]);
});

test.each([200, 100, 80, 60, 40, 20, 10])("no line is wider than %d columns", (width) => {
  const rows = [span({}), span({ "source.address": "2001:db8:1111:2222:3333:4444:5555:6666" })].map(rowOf);
  for (const line of tableLines(rows, width)) expect(line.length).toBeLessThanOrEqual(width);
});

test("a narrow terminal keeps both ends, and the end of each that says most", () => {
  const [title, line] = tableLines([rowOf(span({ "source.address": "2001:db8:1111:2222:3333:4444:5555:6666" }))], 46);
  expect(title).toMatch(/^SOURCE +DESTINATION$/);
  expect(line).toMatch(/^\u2026[\da-f:]+:6666\]:40000 +10\.2\.0\.2:443$/);
});

test("a pod is shown by its name, and a flow that ended says so", () => {
  const pod = {
    "source.k8s.pod.name": "web-1",
    "source.k8s.namespace.name": "shop",
    "flow.end_reason": "idle_timeout",
  };
  const [, line] = tableLines([rowOf(span(pod))], 120);
  expect(line).toMatch(/ shop\/web-1:40000 .* ended /);
});

test("bytes have three digits", () => {
  expect([0, 999, 1_000, 999_499, 999_500, 12_345_678_901].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.00 kB",
    "999 kB",
    "1.00 MB",
    "12.3 GB",
  ]);
});
