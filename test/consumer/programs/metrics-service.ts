// A consumer's service: counts with the metrics package and prints what a scrape of it answers.
import { serve, sharedRegistry } from "@skopos/metrics";

const registry = sharedRegistry();
const requests = registry.metric({
  name: "http_requests_total",
  type: "counter",
  help: "Requests by method.",
  labels: { method: ["GET", "POST"] },
});
requests.inc({ method: "GET" });
const server = await serve(registry, { port: 0 });
console.log(await (await fetch(`${server.url}/metrics`)).text());
await server.close();
