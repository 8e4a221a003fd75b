// Measures one case for one subject in this process: `node bench/measure.ts CASE SUBJECT`. Prints the figure.

import type { SubjectName } from "./cases.ts";
import { exportOtlp, tracingOverhead } from "./otel.ts";
import { memory, p99, scrapeUnderLoad, twoThreads } from "./own.ts";
import { recordOperation } from "./record.ts";
import { scrapeMedian } from "./scrape.ts";
import { scrapeEight } from "./scrape-8.ts";
import { bytesPerOperation, nsPerOperation } from "./stats.ts";
import { scrapeWorkers } from "./workers.ts";

async function measure(name: string, subject: SubjectName): Promise<number> {
  switch (name) {
    case "scrape-a":
    case "scrape-b":
      return scrapeMedian(name, subject);
    case "scrape-8":
      return scrapeEight(subject);
    case "workers-4":
      return scrapeWorkers(subject);
    case "workers-4-blocked":
      return scrapeWorkers(subject, true);
    case "alloc-inc-handle-3":
      return bytesPerOperation(await recordOperation("inc-handle-3", subject));
    case "p99-inc-handle-3":
      return p99(subject);
    case "threads-2":
      return twoThreads();
    case "memory-10k":
      return memory(subject);
    case "scrape-under-load":
      return scrapeUnderLoad();
    case "export-otlp":
      return exportOtlp();
    case "tracing-overhead":
      return tracingOverhead(subject);
    default:
      return nsPerOperation(await recordOperation(name, subject));
  }
}

const [name = "", subject = "ours"] = process.argv.slice(2);
console.log(JSON.stringify(await measure(name, subject as SubjectName)));
// Workers of a peer's cluster may still hold the event loop.
process.exit();
