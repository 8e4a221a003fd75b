import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A real program: a folder of `test/binaries/` with a `go.mod`, and the binaries built from it. */
export interface Program {
  /** The folder's name, and the name in `test/tiers.ts` and on the command line. */
  readonly name: string;
  /** The Go module whose version (in the folder's go.mod) is the program's version. */
  readonly module: string;
  /** Each binary and the main package it is built from; `.` is the folder itself. */
  readonly binaries: Readonly<Record<string, string>>;
  /** Go variables set at link time (`-X name=value`): the programs report these as their version. @default none */
  readonly stamp?: Readonly<Record<string, string>>;
  /** Arguments of `go` for the command that writes the main package, run in a copy of the folder. @default none */
  readonly generate?: readonly string[];
}

const packages = (prefix: string, names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, `${prefix}/${name}`]));

const prometheusVersion = "github.com/prometheus/common/version.Version";

/** Every program, in the order `--all` builds them: those that most tests wait for come first. */
export const programs: readonly Program[] = [
  {
    name: "otelcol",
    module: "go.opentelemetry.io/collector/otelcol",
    binaries: { otelcol: "." },
    generate: ["tool", "builder", "--config", "build.yaml", "--skip-compilation", "--skip-get-modules"],
  },
  {
    name: "prometheus",
    module: "github.com/prometheus/prometheus",
    binaries: packages("github.com/prometheus/prometheus/cmd", ["prometheus", "promtool"]),
    stamp: { [prometheusVersion]: "3.15.0" },
  },
  {
    name: "prometheus-operator",
    module: "github.com/prometheus-operator/prometheus-operator",
    binaries: {
      "prometheus-operator": "github.com/prometheus-operator/prometheus-operator/cmd/operator",
      "prometheus-config-reloader": "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader",
      "prometheus-config": "./prometheus-config",
    },
    stamp: { [prometheusVersion]: "0.93.1" },
  },
  {
    name: "kubernetes",
    module: "k8s.io/kubernetes",
    binaries: packages("k8s.io/kubernetes/cmd", [
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kubelet",
      "kube-proxy",
      "kubectl",
    ]),
    stamp: {
      "k8s.io/component-base/version.gitVersion": "v1.36.3",
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "36",
    },
  },
  { name: "etcd", module: "go.etcd.io/etcd/server/v3", binaries: { etcd: "go.etcd.io/etcd/server/v3" } },
  { name: "kwok", module: "sigs.k8s.io/kwok", binaries: { kwok: "sigs.k8s.io/kwok/cmd/kwok" } },
  {
    name: "containerd",
    module: "github.com/containerd/containerd/v2",
    binaries: packages("github.com/containerd/containerd/v2/cmd", ["containerd", "containerd-shim-runc-v2", "ctr"]),
    stamp: { "github.com/containerd/containerd/v2/version.Version": "2.1.4" },
  },
  {
    name: "pulumi",
    module: "github.com/pulumi/pulumi/pkg/v3",
    binaries: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    stamp: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.259.0" },
  },
  {
    name: "pulumi-kubernetes",
    module: "github.com/pulumi/pulumi-kubernetes/sdk/v4",
    binaries: { "pulumi-resource-kubernetes": "." },
  },
  {
    name: "mimir",
    module: "github.com/grafana/mimir",
    binaries: { mimir: "github.com/grafana/mimir/cmd/mimir" },
  },
  {
    name: "loki",
    module: "github.com/grafana/loki/v3",
    binaries: { loki: "github.com/grafana/loki/v3/cmd/loki" },
    stamp: { "github.com/grafana/loki/v3/pkg/util/build.Version": "3.7.8" },
  },
  {
    name: "jaeger",
    module: "github.com/jaegertracing/jaeger",
    binaries: { jaeger: "github.com/jaegertracing/jaeger/cmd/jaeger" },
    // The module still counts as Jaeger 1; its change log names both versions.
    stamp: { "github.com/jaegertracing/jaeger/internal/version.latestVersion": "v2.13.0" },
  },
  {
    name: "versitygw",
    module: "github.com/versity/versitygw",
    binaries: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
    stamp: { "main.Version": "v1.8.0" },
  },
  {
    name: "rclone",
    module: "github.com/rclone/rclone",
    binaries: { rclone: "." },
  },
  {
    name: "alertmanager",
    module: "github.com/prometheus/alertmanager",
    binaries: packages("github.com/prometheus/alertmanager/cmd", ["alertmanager", "amtool"]),
    stamp: { [prometheusVersion]: "0.31.1" },
  },
  {
    name: "kube-state-metrics",
    module: "k8s.io/kube-state-metrics/v2",
    binaries: { "kube-state-metrics": "k8s.io/kube-state-metrics/v2" },
    stamp: { [prometheusVersion]: "2.20.0" },
  },
  {
    name: "node_exporter",
    module: "github.com/prometheus/node_exporter",
    binaries: { node_exporter: "github.com/prometheus/node_exporter" },
    stamp: { [prometheusVersion]: "1.12.1" },
  },
  { name: "registry", module: "github.com/distribution/distribution/v3", binaries: { registry: "." } },
  { name: "coredns", module: "github.com/coredns/coredns", binaries: { coredns: "." } },
];

/** The folder of a program's go.mod. */
export const programFolder = (program: Program): string => join(import.meta.dirname, program.name);

/** The program with this name, or the one that builds a binary of this name. */
export function findProgram(name: string): Program | undefined {
  return (
    programs.find((program) => program.name === name) ??
    programs.find((program) => Object.hasOwn(program.binaries, name))
  );
}

/** The version of the program's module as its go.mod requires it, for example `v1.36.3`. */
export function programVersion(program: Program): string {
  const goMod = readFileSync(join(programFolder(program), "go.mod"), "utf8");
  const required = goMod.split("\n").map((line) =>
    line
      .trim()
      .replace(/^require /, "")
      .split(" "),
  );
  const version = required.find(([module]) => module === program.module)?.[1];
  if (version === undefined) throw new Error(`test/binaries/${program.name}/go.mod does not require ${program.module}`);
  return version;
}

/** The version that a program reports: stamped in where its module counts otherwise, else its module's; without a `v`. */
export function testedVersion(program: Program): string {
  return (Object.values(program.stamp ?? {})[0] ?? programVersion(program)).replace(/^v/, "");
}
