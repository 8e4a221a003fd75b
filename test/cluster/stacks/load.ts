import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Workload } from "../../../lib/sizing/index.ts";

/** Posts an OTLP/JSON body to a path of the agent. */
export type Post = (path: string, body: object) => Promise<unknown>;

const secondsPerDay = 86_400;
const spansPerTrace = 15;
const line = "GET /cart 200 ".repeat(10);

/**
 * Sends what a workload sends, for a while: its spans and log bytes at their rate, once a second, and one point of each of
 * `series` series in the beginning. Bounded by `seconds`.
 */
export async function sendLoad(post: Post, workload: Workload, series: number, seconds: number): Promise<void> {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "load" } }] };
  const nanoseconds = () => `${Date.now()}000000`;
  for (let first = 0; first < series; first += 1_000) {
    const dataPoints = Array.from({ length: Math.min(1_000, series - first) }, (_, i) => ({
      timeUnixNano: nanoseconds(),
      asInt: "1",
      attributes: [{ key: "number", value: { stringValue: `${first + i}` } }],
    }));
    const metrics = [{ name: "load", gauge: { dataPoints } }];
    await post("/v1/metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
  }
  const lines = Math.ceil(workload.logBytesPerDay / secondsPerDay / line.length);
  for (let second = 0; second < seconds; second++) {
    const now = nanoseconds();
    const logRecords = Array.from({ length: lines }, () => ({ timeUnixNano: now, body: { stringValue: line } }));
    const spans = Array.from({ length: workload.spansPerSecond / spansPerTrace }, () => randomBytes(16).toString("hex"))
      .flatMap((traceId) => Array.from({ length: spansPerTrace }, () => traceId))
      .map((traceId) => ({
        traceId,
        spanId: randomBytes(8).toString("hex"),
        name: "GET /cart",
        kind: 2,
        startTimeUnixNano: now,
        endTimeUnixNano: now,
      }));
    await post("/v1/logs", { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
    await post("/v1/traces", { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    await sleep(1_000);
  }
}
