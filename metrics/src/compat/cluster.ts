import cluster, { type Worker } from "node:cluster";
import { aggregatorNamed } from "./aggregators.ts";
import { PROMETHEUS } from "./content-types.ts";
import { type AnyRegistry, type Metric, Registry, register } from "./registry.ts";
import type {
  MetricObjectWithValues,
  MetricValueWithName,
  PrometheusContentType,
  RegistryContentType,
} from "./types.ts";

const REQUEST = "@skopos/metrics:cluster-request";
const RESPONSE = "@skopos/metrics:cluster-response";
const TIMEOUT_MS = 5000;

type Reported = MetricObjectWithValues<MetricValueWithName>;

interface Message {
  readonly type?: string;
  readonly id?: number;
  readonly metrics?: Reported[][];
  readonly error?: string;
}

let answered: readonly AnyRegistry[] = [register];
let listening = false;
let requests = 0;

/**
 * prom-client's registry for the primary of a cluster. Workers answer its requests as soon as one was made in them, too. Threads
 * need none of this: they record into one registry by themselves.
 */
export class AggregatorRegistry<T extends RegistryContentType = PrometheusContentType> extends Registry<T> {
  constructor(contentType?: T) {
    super(contentType);
    if (cluster.isWorker && !listening) {
      listening = true;
      process.on("message", (message: Message) => void answer(message));
    }
  }

  /** Which registries a worker answers with. @default the global one */
  static setRegistries(registries: AnyRegistry | AnyRegistry[]): void {
    const all = Array.isArray(registries) ? registries : [registries];
    for (const registry of all) {
      if (!(registry instanceof Registry)) throw new TypeError(`Expected Registry, got ${typeof registry}`);
    }
    answered = all;
  }

  /** Metrics of several processes, as from `getMetricsAsJSON`, in a registry. */
  static aggregate<T extends RegistryContentType = PrometheusContentType>(
    processes: Array<object>,
    contentType: RegistryContentType = PROMETHEUS,
  ): Registry<T> {
    const aggregated = new Registry(contentType as T);
    const byName = Map.groupBy((processes as Reported[][]).flat(), (metric) => metric.name);
    for (const metrics of byName.values()) {
      const metric = aggregatorNamed(metrics[0]!.aggregator)(metrics);
      if (metric) aggregated.registerMetric({ ...metric, get: () => metric } as unknown as Metric);
    }
    return aggregated;
  }

  /** What all workers recorded. @throws Error when one does not answer within five seconds */
  async clusterMetrics(): Promise<string> {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true);
    const id = requests++;
    const answers = await Promise.all(workers.map((worker) => ask(worker!, id)));
    return answers.length === 0 ? "" : AggregatorRegistry.aggregate(answers.flat(), this.contentType).metrics();
  }
}

async function answer({ type, id }: Message): Promise<void> {
  if (type !== REQUEST) return;
  try {
    const metrics = await Promise.all(answered.map((registry) => registry.getMetricsAsJSON()));
    process.send!({ type: RESPONSE, id, metrics });
  } catch (error) {
    process.send!({ type: RESPONSE, id, error: (error as Error).message });
  }
}

function ask(worker: Worker, id: number): Promise<Reported[][]> {
  return new Promise((resolve, reject) => {
    const finish = (result: Reported[][] | Error): void => {
      clearTimeout(timer);
      worker.off("message", listen);
      worker.off("exit", gone);
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const timer = setTimeout(() => finish(new Error("Operation timed out.")), TIMEOUT_MS);
    const gone = (): void => finish([]);
    const listen = (message: Message): void => {
      if (message.type !== RESPONSE || message.id !== id) return;
      finish(message.error === undefined ? message.metrics! : new Error(message.error));
    };
    worker.on("message", listen);
    worker.on("exit", gone);
    worker.send({ type: REQUEST, id });
  });
}
