/** One rung of the test ladder: which files it runs, and what must be there for it. */
export interface Tier {
  /** The vitest project's name: `npx vitest run --project NAME`. */
  readonly name: string;
  /** What it proves, for the report and the docs. */
  readonly proves: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Names of real programs (folders of `test/binaries/`) the tier runs. */
  readonly programs: readonly string[];
  /** Debian packages the tier runs. */
  readonly debian: readonly string[];
  /** Whether it needs root (network namespaces, BPF, containers). */
  readonly root: boolean;
  /** Ends a test or hook that hangs, in milliseconds: far longer than one takes on a machine ten times as busy. */
  readonly timeoutMs: number;
  /**
   * How many of its files run side by side for each core: more than one where they mostly wait for the programs they started,
   * 0 where each needs the machine to itself.
   */
  readonly filesPerCore: number;
}

/** A test file's suffix names its tier: `x.test.ts` is a unit test, `x.kernel.test.ts` belongs to the kernel tier. */
const suffixes = ["kernel", "data-plane", "control-plane", "node", "pulumi"] as const;

const suffixed = (suffix: (typeof suffixes)[number]) => ({
  include: [`**/*.${suffix}.test.ts`],
  exclude: [],
});

/** The programs that the stack itself is made of: run as processes by the data plane, as images by the node. */
const stack = ["otelcol", "prometheus", "prometheus-operator", "alertmanager", "mimir", "loki", "jaeger"] as const;

/** The programs that only make sense on a node. */
const exporters = ["kube-state-metrics", "node_exporter"] as const;

/** The ladder, in the order it is climbed. */
export const tiers: readonly Tier[] = [
  {
    name: "unit",
    proves: "charts, configs, sizing, policies, errors; every object against the Kubernetes and CRD schemas",
    include: ["**/*.test.ts"],
    exclude: suffixes.map((suffix) => `**/*.${suffix}.test.ts`),
    programs: [],
    debian: [],
    root: false,
    timeoutMs: 600_000,
    filesPerCore: 1,
  },
  {
    name: "kernel",
    proves: "the eBPF program loaded, attached in network namespaces and counted against known traffic",
    ...suffixed("kernel"),
    programs: [],
    debian: [
      "clang",
      "gcc",
      "libc6-dev",
      "libbpf-dev",
      "bpftool",
      "linux-libc-dev",
      "libelf-dev",
      "zlib1g-dev",
      "iproute2",
      "nftables",
    ],
    root: true,
    timeoutMs: 900_000,
    filesPerCore: 0,
  },
  {
    name: "data-plane",
    proves:
      "real collectors, Prometheus, Alertmanager, Mimir, Loki and Jaeger run the rendered configs, also on a real S3 server; telemetry in, query out",
    ...suffixed("data-plane"),
    programs: [...stack, "versitygw"],
    debian: [],
    root: false,
    timeoutMs: 900_000,
    filesPerCore: 2,
  },
  {
    name: "control-plane",
    proves: "a real API server accepts every stack, refuses what the model says it refuses, and schedules it",
    ...suffixed("control-plane"),
    programs: ["kubernetes", "etcd", "kwok", "prometheus-operator", "prometheus"],
    debian: [],
    root: false,
    timeoutMs: 600_000,
    filesPerCore: 1.5,
  },
  {
    name: "node",
    proves: "a real kubelet and containerd run the dev stack: pods, probes, volumes, Pod Security, drains",
    ...suffixed("node"),
    programs: ["kubernetes", "etcd", "containerd", "coredns", ...stack, ...exporters],
    debian: ["runc", "containernetworking-plugins", "nftables", "iproute2"],
    root: true,
    timeoutMs: 600_000,
    filesPerCore: 0,
  },
  {
    name: "pulumi",
    proves: "the real Pulumi CLI and Kubernetes provider bring the dev stack up, change it and take it down",
    ...suffixed("pulumi"),
    programs: ["kubernetes", "etcd", "containerd", "coredns", "pulumi", "pulumi-kubernetes", ...stack, ...exporters],
    debian: ["runc", "containernetworking-plugins", "nftables", "iproute2"],
    root: true,
    timeoutMs: 900_000,
    filesPerCore: 0,
  },
];
