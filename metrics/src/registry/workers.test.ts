import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { scrapeText } from "../../test/scrape.ts";
import { sharedRegistry } from "./workers.ts";

it("one registry for the process: workers find it by themselves, and are folded when they end", async () => {
  const registry = sharedRegistry({ ownMetrics: false, idleExpirySeconds: 3600 });
  expect(sharedRegistry()).toBe(registry);
  for (let i = 1; i <= 2; i++) {
    const worker = new Worker(new URL("../../test/shared-worker.ts", import.meta.url));
    await once(worker, "exit");
    expect(await scrapeText(registry)).toContain(`work_total{part="a"} ${i}\n`);
  }
});
