import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry, serve } from "../src/index.ts";
import type { SubjectName } from "./cases.ts";
import { loadOurs, loadProm, SHAPES } from "./scrape.ts";

/** Starts the subject's usual endpoint with data set A; answers with its port. */
async function startServer(subject: SubjectName): Promise<{ port: number; close: () => void }> {
  if (subject === "ours") {
    const registry = new Registry({ maxSeries: 50_000 });
    loadOurs(SHAPES["scrape-a"], registry).touch();
    const server = await serve(registry, { port: 0 });
    return { port: server.port, close: () => void server.close() };
  }
  const { touch, render } = await loadProm(subject as "prom-client", SHAPES["scrape-a"]);
  touch();
  const server = createServer((_request, response) => {
    void Promise.resolve(render()).then((body) => response.end(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** 95th percentile of scrapers' waiting, in milliseconds. The scrapers are a process of their own. */
export async function scrapersWait(port: number, scrapers: number, scrapesEach: number): Promise<number> {
  const args = [port, scrapers, scrapesEach].map(String);
  const child = fork(new URL("./scrapers.ts", import.meta.url), args, { execArgv: [] });
  const [p95] = (await once(child, "message")) as [number];
  await once(child, "exit");
  return p95;
}

/** The wait of eight scrapers at once. */
export async function scrapeEight(subject: SubjectName): Promise<number> {
  const { port, close } = await startServer(subject);
  const p95 = await scrapersWait(port, 8, 25);
  close();
  return p95;
}
