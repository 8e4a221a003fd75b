import { randomBytes } from "node:crypto";
import type { Cluster } from "../cluster.ts";
import type { Pod } from "../pods.ts";
import type { Post } from "./load.ts";

/** A target as Prometheus' API gives it. */
export interface Target {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The HTTP APIs of a stack's programs, reached through their Services as pods reach them. */
export interface Backends {
  targets(): Promise<Target[]>;
  /** Samples of an instant query against Prometheus. */
  prometheus(query: string): Promise<Sample[]>;
  /** Samples of an instant query against Mimir. */
  mimir(query: string): Promise<Sample[]>;
  /** Log lines that a LogQL selector finds in the last hour. */
  loki(selector: string): Promise<string[]>;
  /** Names of the spans of a service's traces. */
  spans(service: string): Promise<string[]>;
  /** Sends OTLP/HTTP to the agent: one log line, and one trace of one span that failed. */
  send(service: string, line: string, span: string): Promise<void>;
  /** Posts an OTLP/JSON body to the agent. */
  readonly post: Post;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The tenant of a stack that names none. */
const tenant = { "X-Scope-OrgID": "anonymous" };

/** Opens the Services of a stack on real nodes. */
export async function openBackends(cluster: Cluster, namespace: string): Promise<Backends> {
  const open = async (name: string, port: number) => {
    type Service = { spec: { clusterIP: string; selector: Record<string, string> } };
    const { spec } = (await cluster.api.get<Service>("v1", "Service", namespace, name))!;
    const host = spec.clusterIP === "None" ? await podAddress(spec.selector) : spec.clusterIP;
    const forward = await cluster.forward(`${host}:${port}`);
    return `http://127.0.0.1:${forward.port}`;
  };
  const podAddress = async (selector: Record<string, string>) => {
    const terms = Object.entries(selector).map(([name, value]) => `${name}=${value}`);
    const query = `?labelSelector=${encodeURIComponent(terms.join())}`;
    const [pod] = await cluster.api.list<Pod>("v1", "Pod", namespace, query);
    return pod?.status.podIP;
  };
  const prometheus = await open("kube-prometheus-prometheus", 9090);
  const mimir = await open("mimir", 8080);
  const loki = await open("loki", 3100);
  const jaeger = await open("jaeger", 16686);
  const agent = await open("otel-agent-collector", 4318);

  const json = async (url: string, init: RequestInit = {}) => {
    const answer = await fetch(url, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
  const instant = async (base: string, query: string) =>
    (await json(`${base}/api/v1/query?query=${encodeURIComponent(query)}`, { headers: tenant })).data
      .result as Sample[];
  const post: Post = (path, body) =>
    json(`${agent}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  return {
    post,
    targets: async () => (await json(`${prometheus}/api/v1/targets?state=active`)).data.activeTargets,
    prometheus: (query) => instant(prometheus, query),
    mimir: (query) => instant(`${mimir}/prometheus`, query),
    async loki(selector) {
      const url = `${loki}/loki/api/v1/query_range?query=${encodeURIComponent(selector)}&since=1h`;
      const { data } = await json(url, { headers: tenant });
      return (data.result as { values: [string, string][] }[]).flatMap(({ values }) => values.map(([, line]) => line));
    },
    async spans(service) {
      const { data } = await json(`${jaeger}/api/traces?service=${service}&limit=20&lookback=1h`);
      return (data as { spans: { operationName: string }[] }[]).flatMap(({ spans }) =>
        spans.map(({ operationName }) => operationName),
      );
    },
    async send(service, line, span) {
      const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
      const nanoseconds = (at: number) => `${at}000000`;
      const now = Date.now();
      const logRecords = [{ timeUnixNano: nanoseconds(now), body: { stringValue: line } }];
      await post("/v1/logs", { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
      const spans = [
        {
          traceId: randomBytes(16).toString("hex"),
          spanId: randomBytes(8).toString("hex"),
          name: span,
          kind: 2,
          startTimeUnixNano: nanoseconds(now - 5),
          endTimeUnixNano: nanoseconds(now),
          status: { code: 2 },
        },
      ];
      await post("/v1/traces", { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    },
  };
}
