import { expect, test } from "vitest";
import { catalogues } from "../../lib/monitoring/catalogues/index.ts";
import { findProgram, testedVersion } from "../binaries/catalogue.ts";
import { metricsOf } from "./exposition.ts";
import { unrecorded } from "./harvest.ts";
import { binaryOf } from "./index.ts";

const recorded = catalogues.filter(({ program }) => findProgram(binaryOf(program)) !== undefined);

test("every program is recorded at the version that is tested: npm run catalogues", () => {
  expect(recorded.length).toBeGreaterThan(18);
  for (const { program, version } of recorded)
    expect([program, version]).toEqual([program, testedVersion(findProgram(binaryOf(program))!)]);
});

const text = `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code="200",path="/a{b=\\"c\\"}"} 1
requests_total{code="500"} 2
# TYPE latency histogram
latency_bucket{path="/",le="1"} 1
latency_sum{path="/"} 1
latency_count{path="/"} 1
# TYPE sent_bytes_sum counter
sent_bytes_sum 3
`;

test("a text exposition is read as metrics with their types and label sets", () => {
  expect(metricsOf(text)).toEqual({
    latency: { type: "histogram", labels: [["path"]] },
    requests_total: { type: "counter", labels: [["code"], ["code", "path"]] },
    sent_bytes_sum: { type: "counter", labels: [[]] },
  });
});

test("what a program exposes is held against its catalogue", () => {
  const known = "# TYPE etcd_server_has_leader gauge\netcd_server_has_leader 1\n";
  expect(unrecorded("etcd", known, "unknown_total 1\n")).toEqual([]);
  expect(unrecorded("etcd", known.replace("leader 1", 'leader{member="a"} 1').replace("gauge", "counter"))).toEqual([
    "etcd_server_has_leader is a counter, recorded as gauge",
    "etcd_server_has_leader has the label member, which is not recorded: npm run catalogues",
  ]);
});
