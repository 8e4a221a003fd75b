import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import type { MetricsError } from "../errors.ts";
import { parseConfig, SETTINGS, startObservability } from "./index.ts";

const production = `
observability:
  service:
    name: "llm-optimizer-processor"
    version: "1.0.0"
    environment: "production"
    instance_id: "\${HOSTNAME}"

  prometheus:
    enabled: true
    endpoint:
      host: "0.0.0.0"
      port: 9090
    registry:
      max_cardinality: 10000
      max_labels_per_metric: 10

  opentelemetry:
    enabled: true
    otlp:
      endpoint: "http://otel-collector:4317"
    tracing:
      sampling:
        strategy: "parent_based"
        ratio: 0.1
    metrics:
      enabled: true
      export_interval_seconds: 60
`;

const development = `
observability:
  service:
    name: "stream-processor"
    environment: "dev"

  prometheus:
    enabled: true
    endpoint:
      port: 9090

  opentelemetry:
    enabled: false
`;

const problemsOf = (yaml: string, environment: Record<string, string> = {}, file?: string) => {
  try {
    parseConfig(yaml, { environment, ...(file ? { file } : {}) });
  } catch (error) {
    return (error as MetricsError).problems;
  }
  return [];
};

describe("a configuration", () => {
  it("is read as written for production", () => {
    const config = parseConfig(production, { environment: { HOSTNAME: "pod-7" } });
    expect(config.service).toEqual({
      name: "llm-optimizer-processor",
      version: "1.0.0",
      environment: "production",
      instance_id: "pod-7",
    });
    expect(config.prometheus).toEqual({
      enabled: true,
      endpoint: { host: "0.0.0.0", port: 9090, path: "/metrics" },
      registry: { max_cardinality: 10_000, max_labels_per_metric: 10 },
    });
    expect(config.opentelemetry).toEqual({
      enabled: true,
      otlp: { endpoint: "http://otel-collector:4317", protocol: undefined, headers: {} },
      tracing: { enabled: true, sampling: { strategy: "parent_based", ratio: 0.1 } },
      metrics: { enabled: true, export_interval_seconds: 60, temporality: "cumulative" },
    });
    expect(parseConfig(production, { environment: {} }).service.instance_id).toBe(hostname());
  });

  it("has defaults for what development leaves out", () => {
    const { service, prometheus, opentelemetry } = parseConfig(development, { environment: {} });
    expect(service.version).toBeUndefined();
    expect(prometheus.endpoint).toEqual({ host: "127.0.0.1", port: 9090, path: "/metrics" });
    expect(opentelemetry.enabled).toBe(false);
  });

  it("is overridden by the environment, each setting by its type", () => {
    const config = parseConfig(development, {
      environment: {
        OBSERVABILITY_SERVICE_NAME: "other",
        OBSERVABILITY_PROMETHEUS_ENDPOINT_PORT: "9100",
        OBSERVABILITY_OPENTELEMETRY_ENABLED: "true",
        OBSERVABILITY_OPENTELEMETRY_TRACING_SAMPLING_RATIO: "0.5",
        OBSERVABILITY_OPENTELEMETRY_OTLP_HEADERS: "a=1,b=x=y",
      },
    });
    expect(config.service.name).toBe("other");
    expect(config.prometheus.endpoint.port).toBe(9100);
    expect(config.opentelemetry.enabled).toBe(true);
    expect(config.opentelemetry.tracing.sampling.ratio).toBe(0.5);
    expect(config.opentelemetry.otlp.headers).toEqual({ a: "1", b: "x=y" });
  });

  it("takes variables inside values, with something otherwise", () => {
    const yaml = `
observability:
  service: { name: "\${APP}-\${ROLE:-worker}" }
  prometheus: { endpoint: { port: "\${PORT}" }, registry: }
  opentelemetry: { otlp: { headers: { authorization: "Bearer \${TOKEN}" } } }
`;
    const config = parseConfig(yaml, { environment: { APP: "shop", PORT: "9000", TOKEN: "t" } });
    expect(config.service.name).toBe("shop-worker");
    expect(config.prometheus.endpoint.port).toBe(9000);
    expect(config.opentelemetry.otlp.headers).toEqual({ authorization: "Bearer t" });
  });

  it("leaves variables alone that are none of its settings, such as those of a Service called observability", () => {
    const environment = { OBSERVABILITY_PORT: "tcp://10.0.0.1:80", OBSERVABILITY_SERVICE_HOST: "10.0.0.1" };
    expect(parseConfig("observability: { service: { name: x } }", { environment }).service.name).toBe("x");
  });

  it("takes what a shell would for variables that are empty, and nothing that every object has", () => {
    const name = (text: string, environment: Record<string, string> = {}) =>
      parseConfig(`observability: { service: { name: x, version: "${text}" } }`, { environment }).service.version;
    expect(name("${A:-d}", { A: "" })).toBe("d");
    expect(name("${A:-d}", { A: "a" })).toBe("a");
    expect(name("v${A}", { A: "" })).toBe("v");
    expect(problemsOf("observability: { service: { name: '${toString}' } }").map(({ code }) => code)).toContain(
      "CONFIG_VARIABLE",
    );
    expect(name("${constructor:-d}")).toBe("d");
  });

  it("takes YAML aliases, and survives those that name themselves or multiply", () => {
    const yaml = `
common: &common { name: shop }
observability:
  service: *common
  opentelemetry:
    otlp: { headers: &h { authorization: &token "Bearer t" } }
  prometheus: { endpoint: { host: "0.0.0.0", path: &path /m } }
`;
    const config = parseConfig(yaml, { environment: {} });
    expect([config.service.name, config.prometheus.endpoint.path]).toEqual(["shop", "/m"]);
    expect(problemsOf("observability: &o { service: { name: x }, prometheus: *o }").length).toBeGreaterThan(0);
    const bomb = [
      "&a [x,x,x,x,x,x,x,x,x]",
      ...Array.from({ length: 8 }, (_, i) => `&${"bcdefghi"[i]} [${`*${"abcdefgh"[i]},`.repeat(9)}]`),
    ];
    const lol = `b: [${bomb.join(", ")}]\nobservability: { service: { name: x }, opentelemetry: { otlp: { headers: *i } } }`;
    expect(problemsOf(lol).map(({ code }) => code)).toEqual(["CONFIG_TYPE"]);
  });

  it("shows no header in an error", () => {
    const [problem] = problemsOf(
      "observability: { service: { name: x }, opentelemetry: { otlp: { headers: [secret] } } }",
    );
    expect(JSON.stringify(problem)).not.toContain("secret");
  });

  it("reports every mistake at once, with its place and what to do", () => {
    const yaml = `observability:
  prometheus:
    enabled: "yes"
    endpoint:
      port: 99999
      hots: "0.0.0.0"
    registry:
      max_cardinality: 1.5
  opentelemetry:
    otlp:
      endpoint: "otel-collector:4317"
      headers: [1]
    tracing:
      sampling:
        strategy: "parent-based"
        ratio: 2
    metrics:
      export_interval_seconds: "\${INTERVAL}"
`;
    const found = problemsOf(yaml, {}, "app.yaml");
    expect(found.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "CONFIG_MISSING observability.service.name",
      "CONFIG_TYPE observability.prometheus.enabled (app.yaml:3)",
      "CONFIG_RANGE observability.prometheus.endpoint.port (app.yaml:5)",
      "CONFIG_TYPE observability.prometheus.registry.max_cardinality (app.yaml:8)",
      "CONFIG_TYPE observability.opentelemetry.otlp.endpoint (app.yaml:11)",
      "CONFIG_TYPE observability.opentelemetry.otlp.headers (app.yaml:12)",
      "CONFIG_CHOICE observability.opentelemetry.tracing.sampling.strategy (app.yaml:15)",
      "CONFIG_RANGE observability.opentelemetry.tracing.sampling.ratio (app.yaml:16)",
      "CONFIG_VARIABLE observability.opentelemetry.metrics.export_interval_seconds (app.yaml:18)",
      "CONFIG_TYPE observability.opentelemetry.metrics.export_interval_seconds (app.yaml:18)",
      "CONFIG_UNKNOWN observability.prometheus.endpoint.hots (app.yaml:6)",
    ]);
    expect(found.find(({ path }) => path.includes("hots"))?.fix).toBe("Did you mean prometheus.endpoint.host?");
    expect(found.find(({ path }) => path.includes("strategy"))?.fix).toBe("Did you mean parent_based?");
    expect(problemsOf("metrics: 1")[0]).toMatchObject({ code: "CONFIG_ROOT" });
    expect(problemsOf("")[0]).toMatchObject({ code: "CONFIG_ROOT" });
    expect(problemsOf("observability: [}")[0]).toMatchObject({ code: "CONFIG_YAML" });
    expect(problemsOf("observability: { service: { name: x }, tracing: 1 }")[0]?.fix).toMatch(/^Known: /);
  });

  it("has a help text for each setting", () => {
    expect(SETTINGS.every(({ help }) => help.endsWith("."))).toBe(true);
  });
});

describe("starting a configuration", () => {
  it("serves and pushes what it says", async () => {
    const pushed: string[] = [];
    const receiver = createServer((request, response) => {
      pushed.push(request.url!);
      request.resume().on("end", () => response.end());
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const yaml = `
observability:
  service: { name: svc, version: "1", environment: test, instance_id: svc-0 }
  prometheus: { endpoint: { port: 0 } }
  opentelemetry: { enabled: true, otlp: { endpoint: "http://127.0.0.1:${(receiver.address() as AddressInfo).port}" } }
`;
    const running = await startObservability(parseConfig(yaml, { environment: {} }));
    const text = await (await fetch(`${running.server!.url}/metrics`)).text();
    for (const name of [
      "process_cpu_usage_ratio",
      "process_memory_bytes",
      "process_active_tasks",
      "process_tasks_spawned_total",
    ]) {
      expect(text).toContain(`\n${name} `);
    }
    expect(running.tracing).toBeDefined();
    expect(running.metrics).toBeDefined();
    await running[Symbol.asyncDispose]();
    expect(pushed).toContain("/v1/metrics");
    await expect(fetch(running.server!.url)).rejects.toThrow();
    receiver.close();
  });

  it("leaves nothing behind when the endpoint cannot be taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const yaml = `observability: { service: { name: svc }, prometheus: { endpoint: { port: ${port} } } }`;
    await expect(startObservability(parseConfig(yaml, { environment: {} }))).rejects.toMatchObject({
      code: "SERVER_LISTEN",
    });
    taken.close();
  });
});
