// A service written against prom-client's types. Another test compiles and runs it with nothing changed but what it imports.
import { createServer, type Server } from "node:http";
import client, {
  type Aggregator,
  AggregatorRegistry,
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  type DefaultMetricsCollectorConfiguration,
  exponentialBuckets,
  Gauge,
  Histogram,
  linearBuckets,
  type Metric,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Pushgateway,
  Registry,
  register,
  Summary,
  validateMetricName,
} from "prom-client";

type Label = "method" | "status";

const configuration: CounterConfiguration<Label> = {
  name: "service_requests_total",
  help: "Requests.",
  labelNames: ["method", "status"] as const,
};
const aggregator: Aggregator = "max";

export class Service {
  readonly registry: Registry<PrometheusContentType> = new client.Registry();
  readonly requests: Counter<Label> = new Counter<Label>({ ...configuration, registers: [this.registry] });
  readonly queue: client.Gauge<"name"> = new Gauge({
    name: "service_queue_length",
    help: "Queue.",
    labelNames: ["name"],
    registers: [this.registry],
    aggregator,
    collect() {
      this.set({ name: "main" }, 3);
    },
  });
  readonly duration = new Histogram({
    name: "service_duration_seconds",
    help: "Duration.",
    labelNames: ["method"] as const,
    buckets: [...linearBuckets(0.1, 0.1, 2), ...exponentialBuckets(1, 2, 2)],
    registers: [this.registry],
  });
  readonly size = new Summary({
    name: "service_size_bytes",
    help: "Size.",
    percentiles: [0.5],
    maxAgeSeconds: 600,
    ageBuckets: 5,
    pruneAgedBuckets: false,
    registers: [this.registry],
  });
  readonly #get: Counter.Internal = this.requests.labels({ method: "GET", status: 200 });
  readonly #timed: Histogram.Internal<"method"> = this.duration.labels("GET");

  handle(): void {
    this.#get.inc();
    this.requests.labels("POST", "500").inc(2);
    this.requests.inc({ method: "GET" });
    const end = this.duration.startTimer({ method: "POST" });
    this.#timed.observe(0.15);
    this.size.observe(10);
    if (end() < 0) throw new Error("time runs backwards");
  }

  async metrics(): Promise<string> {
    this.registry.setDefaultLabels({ app: "service" });
    return this.registry.metrics();
  }

  async names(): Promise<string[]> {
    const all = await this.registry.getMetricsAsJSON();
    return all.map(({ name, values }) => `${name} ${values.length} ${typeof values[0]?.labels.app}`);
  }

  serve(): Server {
    return createServer(async (_request, response) => {
      response.setHeader("content-type", this.registry.contentType);
      response.end(await this.metrics());
    });
  }
}

export function others(): unknown[] {
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(client.openMetricsContentType);
  const exemplars = new Counter({
    name: "service_marked_total",
    help: "Marked.",
    labelNames: ["a"],
    registers: [open],
    enableExemplars: true,
  });
  exemplars.inc({ labels: { a: "1" }, value: 1 });
  const options: DefaultMetricsCollectorConfiguration<PrometheusContentType> = { register, prefix: "service_" };
  const start = () => collectDefaultMetrics(options);
  const gateway = new Pushgateway("http://127.0.0.1:9091", { timeout: 100 }, register);
  const push = () => gateway.pushAdd({ jobName: "service", groupings: { instance: "1" } });
  const aggregated = () => AggregatorRegistry.aggregate([]).metrics();
  const found: Metric<string> | undefined = register.getSingleMetric("none");
  const merged: Registry = Registry.merge([register, new Registry()]);
  return [start, push, aggregated, found, merged, validateMetricName("a"), collectDefaultMetrics.metricsList];
}
