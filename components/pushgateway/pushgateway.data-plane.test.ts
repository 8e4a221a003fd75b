import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GiB, workloads } from "../../lib/sizing/index.ts";
import { programPath } from "../../test/binaries/find.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { offCluster, operatedConfig } from "../../test/data-plane/prometheus.ts";
import { askedSeries, objectOf } from "../../test/support/charts.ts";
import { KubePrometheusChart } from "../kube-prometheus/index.ts";
import { PushgatewayChart } from "./index.ts";

// The Go module proxy does not have it; Debian's package of this name does.
const program = "prometheus-pushgateway";
const there = programPath(program) !== undefined;

describe("a real Pushgateway", () => {
  const folder = mkdtempSync(join(tmpdir(), "skopos-pushgateway-"));
  const host = "127.0.39.1";
  const chart = new PushgatewayChart(new App(), "push", { namespace: "observability", diskBytes: GiB });
  const { port } = chart.endpoints.push;
  const [container] = objectOf(chart, "StatefulSet", "pushgateway").spec.template.spec.containers;
  const at = (path: string) => `http://${host}:${port}${path}`;
  let gateway: RunningProgram;

  /** With its rendered arguments; only what it listens on and where its disk is mounted differ. */
  const startGateway = async () => {
    const args = (container.args as string[]).map((arg) =>
      arg.replace("=:", `=${host}:`).replace("=/data/", `=${folder}/`),
    );
    gateway = start(program, args);
    await ready(gateway, at(container.readinessProbe.httpGet.path));
  };

  const push = (path: string, text: string) => fetch(at(path), { method: "PUT", body: text });
  const metrics = async () => (await fetch(at("/metrics"))).text();

  beforeAll(() => (there ? startGateway() : undefined));
  beforeEach(({ skip }) => skip(!there, `there is no ${program} on PATH`));
  afterAll(async () => {
    await gateway?.stop();
    rmSync(folder, { recursive: true });
  });

  test("passes its probes", async () => {
    for (const probe of ["readinessProbe", "livenessProbe"])
      expect((await fetch(at(container[probe].httpGet.path))).status, probe).toBe(200);
  });

  test("accepts a push, rejects an inconsistent one, and exposes the series of its alerts and dashboard", async () => {
    expect((await push("/metrics/job/backup/instance/db-1", "# TYPE backup_rows gauge\nbackup_rows 7\n")).ok).toBe(
      true,
    );
    expect(
      (await push("/metrics/job/backup/instance/db-2", "# TYPE backup_rows counter\nbackup_rows 7\n")).status,
    ).toBe(400);
    const text = await metrics();
    expect(text).toMatch(/^backup_rows\{instance="db-1",job="backup"\} 7$/m);
    expect(askedSeries(chart).length).toBeGreaterThan(0);
    expect(askedSeries(chart).filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
    const failed = /^push_failure_time_seconds\{instance="db-2",job="backup"\} (\S+)$/m.exec(text)?.[1];
    expect(Number(failed)).toBeGreaterThan(0);
  });

  test("keeps pushed metrics across restarts", async () => {
    await gateway.stop();
    await startGateway();
    expect(await metrics()).toMatch(/^backup_rows\{instance="db-1",job="backup"\} 7$/m);
  });

  test("is scraped with the job labels of the pushing jobs", async () => {
    const prometheus = new KubePrometheusChart(new App(), "metrics", {
      namespace: "observability",
      agentsNamespace: "observability-agents",
      crds: false,
      workload: workloads.small,
    });
    const label = (name: string) => ({
      [`__meta_kubernetes_service_label_app_kubernetes_io_${name}`]: "pushgateway",
      [`__meta_kubernetes_service_labelpresent_app_kubernetes_io_${name}`]: "true",
    });
    const config = offCluster(operatedConfig(prometheus, chart), {
      pod: "prometheus-0",
      shard: 0,
      job: "serviceMonitor/observability/pushgateway/0",
      targets: [`${host}:${port}`],
      discovered: {
        ...label("name"),
        ...label("instance"),
        ...label("component"),
        __meta_kubernetes_endpointslice_port_name: "http",
        __meta_kubernetes_namespace: "observability",
        __meta_kubernetes_service_name: "pushgateway",
      },
    });
    const file = join(folder, "prometheus.yaml");
    writeFileSync(file, config);
    const listen = `${host}:9090`;
    await using server = start("prometheus", [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=${listen}`,
    ]);
    await ready(server, `http://${listen}/-/ready`);
    const ask = async () => {
      const answer = await fetch(`http://${listen}/api/v1/query?query=backup_rows`);
      const { data } = (await answer.json()) as { data: { result: { metric: object; value: [number, string] }[] } };
      return data.result;
    };
    await expect
      .poll(ask, { timeout: 30_000 })
      .toMatchObject([{ metric: { job: "backup", instance: "db-1" }, value: [expect.anything(), "7"] }]);
  });
});
