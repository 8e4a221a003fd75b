// A cluster of two, its primary asking for all workers' metrics; prints them.
import cluster from "node:cluster";
import { once } from "node:events";
import { AggregatorRegistry, Counter, Gauge, Registry } from "../src/compat/index.ts";

if (cluster.isPrimary) {
  const registry = new AggregatorRegistry();
  console.log(JSON.stringify(await registry.clusterMetrics()));
  const workers = [cluster.fork(), cluster.fork()];
  await Promise.all(workers.map((worker) => once(worker, "message")));
  console.log(JSON.stringify(await registry.clusterMetrics()));
  workers[0]!.send("break");
  await once(workers[0]!, "message");
  console.log(JSON.stringify(await registry.clusterMetrics().catch((error: Error) => error.message)));
  for (const worker of workers) worker.kill();
} else {
  const own = new Registry();
  AggregatorRegistry.setRegistries([own]);
  new AggregatorRegistry();
  new Counter({ name: "work_total", help: "Work.", labelNames: ["a"], registers: [own] }).inc({ a: "1" }, 2);
  new Gauge({ name: "level", help: "Level.", aggregator: "max", registers: [own] }).set(cluster.worker!.id);
  process.on("message", (message) => {
    if (message !== "break") return;
    new Gauge({
      name: "broken",
      help: "Broken.",
      registers: [own],
      collect() {
        throw new Error("broken");
      },
    });
    process.send!("broken");
  });
  process.send!("ready");
}
