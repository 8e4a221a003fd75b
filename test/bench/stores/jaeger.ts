import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdk8s";
import type { IContainer } from "kubernetes-models/v1/Container";
import { TracesChart } from "../../../components/traces/index.ts";
import { retentionProfiles, type Workload } from "../../../lib/sizing/index.ts";
import { configFile } from "../../data-plane/mimir.ts";
import { objectOf } from "../../support/charts.ts";
import { startLimited } from "./limited.ts";
import { answer, paced, type StoreCase } from "./measure.ts";

const host = "127.0.63.1";
const services = 40;

/** A trace as it passes the gateway: one service calls the next, each span with a dozen attributes. */
function trace(spans: number, number: number): object {
  const traceId = randomBytes(16).toString("hex");
  const ids = Array.from({ length: spans }, () => randomBytes(8).toString("hex"));
  const now = BigInt(Date.now()) * 1_000_000n;
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
  return {
    resourceSpans: ids.map((spanId, index) => ({
      resource: {
        attributes: [
          attribute("service.name", `service-${(number + index) % services}`),
          attribute("k8s.pod.name", `pod-${index}`),
        ],
      },
      scopeSpans: [
        {
          spans: [
            {
              traceId,
              spanId,
              ...(index > 0 && { parentSpanId: ids[index - 1] }),
              name: `GET /orders/${number % 20}`,
              kind: 2,
              startTimeUnixNano: `${now + BigInt(index) * 1_000_000n}`,
              endTimeUnixNano: `${now + BigInt(index + 20) * 1_000_000n}`,
              attributes: Array.from({ length: 10 }, (_, key) =>
                attribute(`http.attribute.${key}`, `value ${(number * 31 + key) % 1000}`),
              ),
            },
          ],
        },
      ],
    })),
  };
}

/** A Jaeger on its own disk, under the plan's limit of its pod, at the rate of kept spans. */
export async function jaegerCase(name: string, workload: Workload, folder: string): Promise<StoreCase> {
  const chart = new TracesChart(new App(), "traces", {
    namespace: "observability",
    workload,
    // As the gateway keeps them by default.
    keepPercent: 50,
    retention: retentionProfiles.standard,
  });
  if (chart.sizing.backend !== "jaeger") throw new Error("Jaeger is measured");
  const { cpuCores, memoryBytes, memoryLimitBytes = memoryBytes } = chart.sizing.jaeger;
  const kept = chart.sizing.keptSpansPerSecond;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "jaeger.yaml");
  const config = configFile(chart, chart.name, "jaeger.yaml");
  writeFileSync(file, config.replaceAll("0.0.0.0", host).replaceAll("/var/jaeger", join(folder, "data")));
  const [container] = objectOf(chart, "StatefulSet", "jaeger").spec.template.spec.containers as [IContainer];
  const env = Object.fromEntries((container.env ?? []).flatMap(({ name, value }) => (value ? [[name, value]] : [])));
  const program = await startLimited(
    ["jaeger", `--config=${file}`],
    env,
    memoryLimitBytes,
    `http://${host}:13133/status`,
  );
  const api = `http://${host}:${chart.endpoints.query.port}/api`;
  const tracesPerSecond = kept / workload.spansPerTrace;
  let number = 0;
  return {
    name: `Jaeger, ${name}`,
    load: `${Math.round(kept)} kept spans/s`,
    planned: { cpuCores, memoryBytes, memoryLimitBytes },
    program,
    write: (signal) =>
      paced(signal, 1000 / tracesPerSecond, async () => {
        const body = JSON.stringify(trace(workload.spansPerTrace, number++));
        await answer(`http://${host}:4318/v1/traces`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
      }),
    // Services, then searches of the last hour, then a trace.
    open: async () => {
      await answer(`${api}/services`);
      const end = Date.now() * 1000;
      const searches = Array.from({ length: 5 }, (_, index) =>
        answer(`${api}/traces?service=service-${index}&limit=20&start=${end - 3_600_000_000}&end=${end}`),
      );
      const [first = ""] = await Promise.all(searches);
      const found = (JSON.parse(first) as { data: { traceID: string }[] }).data;
      if (found.length !== 20) throw new Error(`${found.length} traces instead of 20`);
      await answer(`${api}/traces/${found[0]?.traceID}`);
    },
  };
}
