/** One tier of the tests: which files it runs, and what it needs. */
export interface Tier {
  /** The vitest project's name: `npx vitest run --project NAME`. */
  readonly name: string;
  /** What it proves, for reports and docs. */
  readonly proves: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Names of the real programs (folders of `test/binaries/`) that the tier runs. */
  readonly programs: readonly string[];
  /** Debian packages that the tier needs. */
  readonly debian: readonly string[];
  /** Whether it needs root (network namespaces, BPF, containers). */
  readonly root: boolean;
  /** Timeout of one test or hook, in milliseconds. It only ends a hang: far longer than one takes on a very busy machine. */
  readonly timeoutMs: number;
  /**
   * How many files run in parallel per core: more than one if they mostly wait for the programs they started, 0 if each
   * needs the machine to itself.
   */
  readonly filesPerCore: number;
}

/** A test file's suffix names its tier: `x.test.ts` is a unit test, `x.kernel.test.ts` belongs to the kernel tier. */
const suffixes = ["kernel", "data-plane", "control-plane", "node", "pulumi"] as const;

const suffixed = (suffix: (typeof suffixes)[number]) => ({
  include: [`**/*.${suffix}.test.ts`],
  exclude: [],
});

/** The programs of the stack: the data plane runs them as processes, the node as images. */
const stack = ["otelcol", "prometheus", "prometheus-operator", "alertmanager", "mimir", "loki", "jaeger"] as const;

/** Debian packages that build the flow agent. */
const agentBuild = [
  "binutils",
  "clang",
  "gcc",
  "libc6-dev",
  "libbpf-dev",
  "linux-libc-dev",
  "libelf-dev",
  "zlib1g-dev",
] as const;

/** The programs that only work on a node. */
const exporters = ["kube-state-metrics", "node_exporter"] as const;

/** All tiers, in the order in which they run. */
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
    proves:
      "the eBPF program is loaded, attached in network namespaces, and counts known traffic correctly; loaded and counting on Debian's kernels in QEMU; the agent decorates what it counts from a real API server, and exports it to the collector",
    ...suffixed("kernel"),
    programs: ["otelcol", "kubernetes", "etcd"],
    debian: [
      ...agentBuild,
      "bpftool",
      "iproute2",
      "nftables",
      "procps",
      "iputils-ping",
      "kmod",
      "qemu-system-x86",
      "qemu-system-arm",
      "lld",
    ],
    root: true,
    timeoutMs: 900_000,
    filesPerCore: 0,
  },
  {
    name: "data-plane",
    proves:
      "real collectors, Prometheus, Alertmanager, Mimir, Loki and Jaeger run the rendered configuration, also with a real S3 server: telemetry goes in, queries return it; image digests come from real registries",
    ...suffixed("data-plane"),
    programs: [...stack, "versitygw", "rclone", "node_exporter", "registry"],
    debian: [],
    root: false,
    timeoutMs: 900_000,
    filesPerCore: 2,
  },
  {
    name: "control-plane",
    proves: "a real API server accepts every stack, rejects what the model says it rejects, and schedules the pods",
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
    debian: [...agentBuild, "runc", "containernetworking-plugins", "nftables", "iproute2"],
    root: true,
    timeoutMs: 600_000,
    filesPerCore: 0,
  },
  {
    name: "pulumi",
    proves: "the real Pulumi CLI and Kubernetes provider deploy, change and destroy the dev stack",
    ...suffixed("pulumi"),
    programs: ["kubernetes", "etcd", "containerd", "coredns", "pulumi", "pulumi-kubernetes", ...stack, ...exporters],
    debian: ["runc", "containernetworking-plugins", "nftables", "iproute2"],
    root: true,
    timeoutMs: 900_000,
    filesPerCore: 0,
  },
];
