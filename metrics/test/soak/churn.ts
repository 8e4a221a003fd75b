import * as compat from "../../src/compat/index.ts";
import { formatFor, Registry, Renderer } from "../../src/index.ts";

// What wears a registry out that does not give its memory back: series and registries that come and go. Each case is given how much,
// and says how fast its first and its last part were and how much memory there was at both ends.

export interface SoakResult {
  /** Operations per second of processor time, over the first tenth after a tenth to warm up, and over the last. */
  readonly firstPerSecond: number;
  readonly lastPerSecond: number;
  /** Shared memory after the first fifth, and at the end. */
  readonly firstBytes: number;
  readonly lastBytes: number;
  /** What the last scrape shows that it should not, or does not show that it should. */
  readonly wrong: number;
}

const help = "Soak.";
const TENTHS = 10;

async function measure(
  times: number,
  step: (i: number) => unknown,
  bytes: () => number,
): Promise<Omit<SoakResult, "wrong">> {
  const tenth = Math.floor(times / TENTHS);
  const seconds: number[] = [];
  let firstBytes = 0;
  for (let part = 0; part < TENTHS; part++) {
    // Processor time: what else the machine does must not show.
    const start = process.cpuUsage();
    for (let i = part * tenth; i < (part + 1) * tenth; i++) {
      const pending = step(i);
      if (pending) await pending;
    }
    const { user, system } = process.cpuUsage(start);
    seconds.push((user + system) / 1e6);
    if (part === 1) firstBytes = bytes();
  }
  return { firstPerSecond: tenth / seconds[1]!, lastPerSecond: tenth / seconds[9]!, firstBytes, lastBytes: bytes() };
}

/** Label sets that pass through a counter of which `live` exist at a time, scraped now and then. */
export async function churnSeries(labelSets: number, live = 1000): Promise<SoakResult> {
  const registry = new Registry({ ownMetrics: false });
  const renderer = new Renderer(registry);
  const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
  const every = Math.max(1, Math.floor(labelSets / 500));
  const result = await measure(
    labelSets,
    (i) => {
      counter.inc({ a: `${i}` });
      if (i >= live) counter.remove({ a: `${i - live}` });
      if (i % every === 0) renderer.render(formatFor("text"));
    },
    () => registry.memoryBytes,
  );
  const lines = renderer.render(formatFor("text")).toString().split("\n").length - 3;
  return { ...result, wrong: Math.abs(lines - live) };
}

/** A gauge of a thousand series that is reset and set again before each scrape, as collectors do. */
export async function churnGauge(scrapes: number, series = 1000): Promise<SoakResult> {
  const registry = new compat.Registry();
  new compat.Gauge({
    name: "g",
    help,
    labelNames: ["a"],
    registers: [registry],
    collect(this: compat.Gauge) {
      this.reset();
      for (let a = 0; a < series; a++) this.set({ a }, a);
    },
  });
  let text = "";
  const scrape = async () => {
    text = await registry.metrics();
  };
  const result = await measure(scrapes, scrape, () => process.memoryUsage().rss);
  return { ...result, wrong: Math.abs(text.split("\n").length - 3 - series) };
}

/** A registry per probe, with twenty gauges, scraped once and dropped, as in a blackbox exporter. */
export async function churnRegistries(probes: number): Promise<SoakResult> {
  let wrong = 0;
  const probe = async () => {
    const registry = new compat.Registry();
    for (let n = 0; n < 20; n++) {
      new compat.Gauge({ name: `probe_${n}`, help, labelNames: ["target"], registers: [registry] }).set(
        { target: "a" },
        n,
      );
    }
    if (!(await registry.metrics()).includes('probe_19{target="a"} 19')) wrong++;
  };
  const result = await measure(probes, probe, () => process.memoryUsage().rss);
  return { ...result, wrong };
}

/** The same with registries of this package's own. */
export async function churnOwnRegistries(probes: number): Promise<SoakResult> {
  let wrong = 0;
  const probe = async () => {
    // A registry can be collected after the turn of the event loop that made it: probes come from the network.
    await new Promise((resolve) => setImmediate(resolve));
    const registry = new Registry();
    for (let n = 0; n < 20; n++) {
      registry.metric({ name: `probe_${n}`, type: "gauge", help, labels: { target: "any" } }).set({ target: "a" }, n);
    }
    if (!new Renderer(registry).render(formatFor("text")).includes('probe_19{target="a"} 19')) wrong++;
  };
  const result = await measure(probes, probe, () => process.memoryUsage().rss);
  return { ...result, wrong };
}
