import cluster, { type Worker } from "node:cluster";
import { escapeHelp, seriesText } from "../exposition/names.ts";
import { formatNumber } from "../exposition/number.ts";
import { aggregators } from "./aggregators.ts";
import type { MetricObject } from "./metric.ts";
import { Registry, register } from "./registry.ts";

const REQUEST = "@skopos/metrics:cluster-request";
const RESPONSE = "@skopos/metrics:cluster-response";
const TIMEOUT_MS = 5000;

interface Message {
  readonly type?: string;
  readonly id?: number;
  readonly metrics?: MetricObject[][];
  readonly error?: string;
}

let answered: readonly Registry[] = [register];
let listening = false;
let requests = 0;

/**
 * prom-client's registry for the primary of a cluster. Workers answer its requests as soon as one was made in them, too. Threads
 * need none of this: they record into one registry by themselves.
 */
export class AggregatorRegistry extends Registry {
  constructor() {
    super();
    if (cluster.isWorker && !listening) {
      listening = true;
      process.on("message", (message: Message) => void answer(message));
    }
  }

  /** Which registries a worker answers with. @default the global one */
  static setRegistries(registries: Registry | readonly Registry[]): void {
    answered = registries instanceof Registry ? [registries] : registries;
  }

  /** Metrics of several processes, as from `getMetricsAsJSON`, as one text. */
  static aggregate(processes: readonly (readonly MetricObject[])[]): string {
    const byName = Map.groupBy(processes.flat(), (metric) => metric.name);
    const combined = [...byName.values()].flatMap((metrics) => aggregators[metrics[0]!.aggregator](metrics) ?? []);
    return combined.map(metricText).join("\n");
  }

  /** What all workers recorded. @throws Error when one does not answer within five seconds */
  async clusterMetrics(): Promise<string> {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true);
    const id = requests++;
    const answers = await Promise.all(workers.map((worker) => ask(worker!, id)));
    return AggregatorRegistry.aggregate(answers.flat());
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

function ask(worker: Worker, id: number): Promise<MetricObject[][]> {
  return new Promise((resolve, reject) => {
    const finish = (result: MetricObject[][] | Error): void => {
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

function metricText({ name, help, type, values }: MetricObject): string {
  const lines = values.map(({ metricName = name, labels, value }) => {
    const texts = Object.entries(labels).map(([label, text]) => [label, String(text)] as const);
    return `${seriesText(metricName, texts)} ${formatNumber(value)}\n`;
  });
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
