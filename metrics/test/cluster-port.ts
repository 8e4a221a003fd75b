// A cluster whose two processes serve the same port, one after the other; prints what each was told.
import cluster from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:net";
import { MetricsError } from "../src/errors.ts";
import { Registry, serve } from "../src/index.ts";

if (cluster.isPrimary) {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as { port: number };
  free.close();
  await once(free, "close");
  const told: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const worker = cluster.fork({ METRICS_TEST_PORT: String(port) });
    told.push((await once(worker, "message"))[0]);
  }
  console.log(JSON.stringify(told));
  for (const worker of Object.values(cluster.workers ?? {})) worker?.kill();
} else {
  const outcome = serve(new Registry(), { port: Number(process.env.METRICS_TEST_PORT) }).then(
    () => "listening",
    (error: unknown) => (error instanceof MetricsError ? error.code : String(error)),
  );
  process.send!(await outcome);
}
