import { hostname } from "node:os";
import { z } from "zod";
import type { HttpSenderOptions } from "../export/http-sender.ts";
import type { ReaderOptions } from "../options.ts";
import { defaultTimeouts, type Timeouts } from "../store/timeouts.ts";

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

const toMs = (text: string): number =>
  [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
    0,
  );

/** Milliseconds as the shortest duration. */
const fromMs = (ms: number): string => (ms % 1_000 ? `${ms}ms` : ms % 60_000 ? `${ms / 1_000}s` : `${ms / 60_000}m`);

/** A duration as text, such as 500ms, 20s or 1m30s. */
const duration = (what: string, standardMs: number, leastMs: number, mostMs: number) =>
  z
    .string()
    .regex(/^(?:\d+(?:ms|s|m|h))+$/, { error: "is no duration: write 500ms, 20s or 1m30s" })
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

/** The configuration file of the agent. */
export const configSchema = z.strictObject({
  interfaces: section("which interfaces are watched", {
    include: list("interfaces by shell pattern", ["*"]),
    exclude: list("patterns that win over include", ["lo"]),
  }),
  filter: section("which packets become flows", {
    cidrs: rules(z.string()).optional().describe("CIDRs of either end; the longest matching prefix decides"),
    ports: rules(z.string()).optional().describe("ports of either end, such as 443 or tcp/443"),
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
    count: whole("number of threads; each has a share of the flows", 2, 1, 32),
    ringBytes: whole("memory of each thread's ring", 8 << 20, 1 << 16, 1 << 28),
  }),
  export: section("where spans go", {
    endpoint: z
      .url({ protocol: /^https?$/, error: "is no URL: write http://127.0.0.1:4318" })
      .default("http://127.0.0.1:4318")
      .describe("OTLP over HTTP; /v1/traces is added where it has no path"),
    headers: z.record(z.string(), z.string()).default({}).describe("HTTP headers of each request"),
    bearerTokenFile: z.string().min(1).optional().describe("file with a bearer token, read for each request"),
    compression: z.enum(["none", "gzip"]).default("none").describe("none is best towards a collector on the same node"),
    timeout: duration("longest time of a request", 10_000, 100, 120_000),
    retryFor: duration("how long a batch is tried again before it is lost", 60_000, 0, 3_600_000),
    maxSpans: whole("spans of a batch", 512, 1, 16_384),
    maxDelay: duration("longest time that a span waits for its batch to fill", 1_000, 10, 60_000),
    concurrency: whole("batches on their way at once", 2, 1, 16),
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

/** The configuration as the agent takes it: durations in milliseconds. */
export interface AgentConfig {
  readonly reader: ReaderOptions;
  readonly flows: {
    readonly max: number;
    readonly pollIntervalMs: number;
    readonly recordIntervalMs: number;
    readonly timeouts: Timeouts;
  };
  readonly pollers: { readonly count: number; readonly ringBytes: number };
  readonly export: {
    readonly otlp: HttpSenderOptions;
    readonly maxSpans: number;
    readonly maxDelayMs: number;
    readonly concurrency: number;
    readonly maxElapsedMs: number;
    readonly channelBytes: number;
  };
  readonly server: { readonly host: string; readonly port: number; readonly gracePeriodMs: number };
  readonly resource: Readonly<Record<string, string>>;
}

/** Turns a complete configuration into what the agent takes. @param netns another network namespace to watch, for tests */
export function agentConfig(config: CompleteConfig, netns?: string): AgentConfig {
  const { flows, pollers, server } = config;
  const { endpoint, headers, bearerTokenFile, compression, timeout: requestTimeout } = config.export;
  const { tcp, tcpFin, tcpRst, udp, icmp, generic } = flows.timeouts;
  return {
    reader: {
      ...config.interfaces,
      filter: withoutUndefined(config.filter),
      flows: flows.max,
      processes: flows.processes,
      drops: flows.drops,
      ...(netns && { netns }),
    },
    flows: {
      max: flows.max,
      pollIntervalMs: toMs(flows.pollInterval),
      recordIntervalMs: toMs(flows.recordInterval),
      timeouts: {
        tcpMs: toMs(tcp),
        tcpFinMs: toMs(tcpFin),
        tcpRstMs: toMs(tcpRst),
        udpMs: toMs(udp),
        icmpMs: toMs(icmp),
        genericMs: toMs(generic),
      },
    },
    pollers,
    export: {
      otlp: { endpoint, headers, bearerTokenFile, compression, timeoutMs: toMs(requestTimeout) },
      maxSpans: config.export.maxSpans,
      maxDelayMs: toMs(config.export.maxDelay),
      concurrency: config.export.concurrency,
      maxElapsedMs: toMs(config.export.retryFor),
      channelBytes: config.export.channelBytes,
    },
    server: { host: server.host, port: server.port, gracePeriodMs: toMs(server.gracePeriod) },
    resource: { "service.name": "skopos-flow-agent", "host.name": hostname(), ...config.resource },
  };
}

/** A copy without members that are undefined, which exact optional properties do not take. */
const withoutUndefined = (filter: CompleteConfig["filter"]): NonNullable<ReaderOptions["filter"]> =>
  JSON.parse(JSON.stringify(filter));
