// Every program that can run here, as it is rendered, in a network like that of a pod with an IPv4 and an IPv6 address.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { ComponentChart, KubernetesObject } from "../../lib/kubernetes/index.ts";
import { loadStack } from "../../stacks/stack.ts";
import { offCluster } from "./off-cluster.ts";
import { connectsInPod, fetchInPod, startInPod } from "./pod-network.ts";
import { type RunningProgram, ready } from "./process.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-dual-stack-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ipv4 = "10.9.0.2";
const ipv6 = "fd09::2";
const { charts } = loadStack("stacks", "dev");

/** The arguments of a workload's first container, with all files of its chart's ConfigMaps under the test's folder. */
function argumentsOf(component: string, workload: RegExp, folders: readonly string[], change = (text: string) => text) {
  const chart = charts.find((each) => each.component === component) as ComponentChart;
  const objects = chart.toJson() as KubernetesObject[];
  const home = join(folder, component);
  const moved = (text: string) => folders.reduce((changed, path) => changed.replaceAll(path, join(home, path)), text);
  const found = objects.find(({ kind, metadata }) => workload.test(`${kind} ${metadata.name}`)) as KubernetesObject;
  const { containers, volumes = [] } = found.spec.template.spec;
  const [{ args, volumeMounts = [] }] = containers;
  for (const path of folders) mkdirSync(join(home, path), { recursive: true });
  for (const { name, mountPath } of volumeMounts) {
    mkdirSync(join(home, mountPath), { recursive: true });
    const source = volumes.find((volume: { name: string }) => volume.name === name)?.configMap;
    const files = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === source?.name)?.data;
    for (const [file, text] of Object.entries((files ?? {}) as Record<string, string>)) {
      const path = join(home, mountPath, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, change(moved(text)));
    }
  }
  return (args as string[]).map(moved);
}

/** A configuration file of its own. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const alone = (text: string) => text.replace(/join_members:\n(\s+- .*\n)+/, "join_members: []\n");
const programs: Readonly<Record<string, { ports: readonly number[]; path: string; args: () => readonly string[] }>> = {
  mimir: {
    ports: [8080, 9095, 7946],
    path: "/ready",
    args: () => [
      ...argumentsOf("mimir", /^StatefulSet/, ["/etc/mimir", "/data"], alone),
      "-ingester.ring.min-ready-duration=0s",
    ],
  },
  loki: {
    ports: [3100, 9095],
    path: "/ready",
    args: () => argumentsOf("loki", /^StatefulSet/, ["/etc/loki", "/var/loki"], alone),
  },
  jaeger: {
    ports: [13133, 4317, 16686],
    path: "/status",
    args: () => argumentsOf("traces", /^StatefulSet/, ["/etc/jaeger", "/var/jaeger"]),
  },
  otelcol: {
    ports: [13133, 4317, 4318, 8889, 8888],
    path: "/",
    args: () =>
      argumentsOf("otel-gateway", /^StatefulSet/, ["/etc/otelcol", "/conf"], (text) =>
        stringify(offCluster(parse(text), { host: "0.0.0.0" })),
      ),
  },
  prometheus: {
    ports: [9090],
    path: "/-/ready",
    // The operator's own arguments say nothing about addresses.
    args: () => [
      `--config.file=${file("prometheus.yml", "global: {}\n")}`,
      `--storage.tsdb.path=${join(folder, "prometheus")}`,
    ],
  },
  alertmanager: {
    ports: [9093, 9094],
    path: "/-/ready",
    args: () => [
      `--config.file=${file("alertmanager.yml", "route: { receiver: none }\nreceivers: [{ name: none }]\n")}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      // As the operator writes it: https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/pkg/alertmanager/statefulset.go
      `--cluster.listen-address=[${ipv4}]:9094`,
    ],
  },
  node_exporter: { ports: [9100], path: "/", args: () => ["--web.listen-address=:9100"] },
};

/** Addresses at which a program must be reached; its gossip port is bound to the pod's first address alone. */
const addresses = (name: string, port: number) => (name === "alertmanager" && port === 9094 ? [ipv4] : [ipv4, ipv6]);

const answers = async (program: RunningProgram, host: string, port: number, path: string) =>
  fetchInPod(program, `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`);

test.each(Object.entries(programs))("%s answers at both addresses of its pod", async (name, { ports, path, args }) => {
  await using program = startInPod(name, args(), [`${ipv4}/24`, `${ipv6}/64`]);
  const [http = 0] = ports;
  await ready(program, async () => (await answers(program, ipv4, http, path)) === "200");
  expect(await answers(program, ipv6, http, path)).toBe("200");
  for (const port of ports)
    for (const host of addresses(name, port))
      expect(await connectsInPod(program, host, port), `${host} port ${port}\n${program.output().slice(-2000)}`).toBe(
        true,
      );
});

test("Mimir finds no address to announce in a pod with an IPv6 address alone, which SKP1260 says", async () => {
  const { args } = programs.mimir as (typeof programs)[string];
  await using program = startInPod("mimir", args(), [`${ipv6}/64`]);
  expect(await program.exited).toBe(1);
  expect(program.output()).toMatch(/no (usable|private|useable)[\w ]*address/i);
});
