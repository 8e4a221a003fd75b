import { z } from "zod";
import { compressions } from "../export/sender.ts";
import { defaultTimeouts } from "../store/timeouts.ts";
import { DURATION, fromMs, toMs } from "./duration.ts";

/** A duration as text, such as 500ms, 20s or 1m30s. */
const duration = (what: string, standardMs: number, leastMs: number, mostMs: number) =>
  z
    .string()
    .regex(DURATION, { error: "is not a duration: write 500ms, 20s or 1m30s" })
    .refine((text) => toMs(text) >= leastMs && toMs(text) <= mostMs, {
      error: `is out of range: ${fromMs(leastMs)} to ${fromMs(mostMs)}`,
    })
    .default(fromMs(standardMs))
    .describe(what);

const whole = (what: string, standard: number, least: number, most: number) =>
  z.int().min(least).max(most).default(standard).describe(what);

const list = (what: string, standard: string[]) => z.array(z.string().min(1)).default(standard).describe(what);

const rules = <T extends z.ZodType>(of: T) =>
  z.strictObject({
    allow: z.array(of).optional().describe("only what is listed passes"),
    deny: z.array(of).optional().describe("never passes"),
  });

const timeout = (what: string, standardMs: number) => duration(what, standardMs, 100, 3_600_000);

const section = <T extends z.ZodRawShape>(what: string, shape: T) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(what);

const file = (what: string) => z.string().min(1).optional().describe(what);

/** One backend. */
const endpoint = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.:-]{1,64}$/, { error: "is not a name: use up to 64 letters, digits, and . : _ -" })
      .optional()
      .describe("value of the label `endpoint` of its metrics; default: host and port of the URL"),
    protocol: z
      .enum(["http", "grpc"])
      .default("http")
      .describe("OTLP over HTTP, usually port 4318, or gRPC, usually 4317"),
    url: z
      .url({ protocol: /^https?$/, error: "is not a URL: write http://127.0.0.1:4318" })
      .refine((url) => !URL.parse(url)?.username && !URL.parse(url)?.password, {
        error: "has credentials: use headers or bearerTokenFile",
      })
      .default("http://127.0.0.1:4318")
      .describe("http or https; over HTTP, /v1/traces is added if it has no path"),
    headers: z.record(z.string(), z.string()).default({}).describe("headers or gRPC metadata of each request"),
    bearerTokenFile: file("file with a bearer token, read for each request"),
    compression: z
      .enum(compressions)
      .default("none")
      .describe("none is best for a collector on the same node; zstd costs less than gzip"),
    timeout: duration("longest time of a request", 10_000, 100, 120_000),
    concurrency: whole("batches sent at once", 2, 1, 16),
    queue: whole("batches that wait for this endpoint, beside those being sent; about 0.6 MB each", 8, 1, 1_024),
    tls: section("PEM files for https; read again when they change", {
      ca: file("CA of the server's certificate; default: the CAs that Node trusts"),
      cert: file("client certificate, with its key"),
      key: file("key of the client certificate"),
      serverName: z.string().min(1).optional().describe("name in the server's certificate; default: host of the URL"),
    }),
  })
  .superRefine(({ url, tls }, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: "custom", path: ["tls", key], message });
    if ((tls.cert === undefined) !== (tls.key === undefined))
      issue(tls.cert === undefined ? "key" : "cert", "is half of a pair: give both cert and key");
    for (const key of ["ca", "cert", "serverName"] as const)
      if (tls[key] !== undefined && !url.startsWith("https:")) issue(key, "has no effect: the URL is not https");
  });

/** Name of an endpoint: its own, or host and port. */
export const endpointName = ({ name, url }: z.output<typeof endpoint>): string => name ?? new URL(url).host;

function uniqueNames(endpoints: z.output<typeof endpoint>[], context: z.RefinementCtx): void {
  const names = endpoints.map(endpointName);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    const message = `has the name of another endpoint, ${name}: give it a name of its own`;
    context.addIssue({ code: "custom", path: [index], message });
  }
}

/** The configuration file of the agent. */
export const configSchema = z.strictObject({
  interfaces: section("which interfaces are watched", {
    include: list("interfaces by shell pattern", ["*"]),
    exclude: list("patterns that win over include", ["lo"]),
  }),
  filter: section("which packets become flows", {
    cidrs: rules(z.string()).optional().describe("CIDRs of either end; the longest matching prefix decides"),
    ports: rules(z.union([z.string(), z.int()]))
      .optional()
      .describe("ports of either end, such as 443 or tcp/443"),
    protocols: rules(z.union([z.string(), z.int()]))
      .optional()
      .describe("protocols by name or IANA number"),
  }),
  flows: section("what is kept of flows", {
    max: whole("flows held at once; about 255 bytes of kernel memory each", 131_072, 1_024, 1 << 24),
    pollInterval: duration("time between two looks at the flows", 2_000, 100, 60_000),
    recordInterval: duration("time between two spans of a flow that goes on", 60_000, 1_000, 3_600_000),
    timeouts: section("how long a flow without packets is kept", {
      tcp: timeout("TCP, neither side closed", defaultTimeouts.tcpMs),
      tcpFin: timeout("TCP after a FIN", defaultTimeouts.tcpFinMs),
      tcpRst: timeout("TCP after an RST", defaultTimeouts.tcpRstMs),
      udp: timeout("UDP", defaultTimeouts.udpMs),
      icmp: timeout("ICMP and ICMPv6", defaultTimeouts.icmpMs),
      generic: timeout("every other protocol", defaultTimeouts.genericMs),
    }),
    processes: z.boolean().default(false).describe("tell which process sends"),
    drops: z.boolean().default(false).describe("count what the kernel drops, by reason"),
  }),
  pollers: section("threads that look after the flows", {
    count: whole(
      "number of threads, each with a share of the flows and about 20 MB; one makes 50,000 spans a second",
      1,
      1,
      32,
    ),
    ringBytes: whole("memory of each thread's ring", 8 << 20, 1 << 16, 1 << 28),
  }),
  kubernetes: section("metadata of Kubernetes objects at both ends of a flow", {
    enabled: z.boolean().default(false).describe("watch the API server, and decorate spans"),
    scope: z
      .enum(["auto", "cluster", "node"])
      .default("auto")
      .describe("watch all pods, or only this node's; auto: all in clusters of up to 500 nodes"),
    cluster: z.string().default("").describe("k8s.cluster.name of both ends"),
    nodeName: z
      .string()
      .min(1)
      .optional()
      .describe("name of this node; default: the environment variable K8S_NODE_NAME, or the host's name"),
    kubeconfig: z.string().min(1).optional().describe("kubeconfig file; default: the pod's service account"),
    cgroupRoot: z
      .string()
      .min(1)
      .optional()
      .describe(
        "the host's cgroup v2 hierarchy, which tells pods in the host's network apart; default: where it usually is",
      ),
    syncTimeout: duration("how long spans wait at the start for the first lists", 30_000, 0, 600_000),
    retention: duration("how long removed objects are remembered", 900_000, 60_000, 86_400_000),
    inputBytes: whole("memory of each poller's channel to decoration", 2 << 20, 4_096, 1 << 30),
  }),
  export: section("where spans go", {
    endpoints: z
      .array(endpoint)
      .min(1)
      .max(8)
      .default(() => [endpoint.parse({})])
      .superRefine(uniqueNames)
      .describe("backends; each gets every span, and a slow one does not hold up the others"),
    retryFor: duration("how long a batch is sent again before it is lost", 60_000, 0, 3_600_000),
    maxSpans: whole("spans per batch", 512, 1, 16_384),
    maxDelay: duration("longest time that a span waits for its batch to fill", 1_000, 10, 60_000),
    channelBytes: whole("memory of each poller's channel; a span has about 1,200 bytes", 4 << 20, 4_096, 1 << 30),
  }),
  server: section("metrics and health checks", {
    host: z.string().default("127.0.0.1").describe("address to listen on"),
    port: whole("port to listen on; 0 takes any free one", 9465, 0, 65_535),
    gracePeriod: duration("how long the last spans may take when the agent stops", 10_000, 0, 300_000),
  }),
  resource: z
    .record(z.string(), z.string())
    .default({})
    .describe("resource attributes of the spans, beside service.name and host.name"),
});

/** The configuration with every default. */
export type CompleteConfig = z.output<typeof configSchema>;
