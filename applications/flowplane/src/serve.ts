import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type MetricsServer, Registry, recordProcessMetrics, serve } from "@skopos/metrics";
import { Access } from "./access.ts";
import { answer } from "./api.ts";
import { prescribedNames } from "./catalogue.ts";
import type { Config } from "./config.ts";
import { Follower } from "./follower.ts";
import { recordMetrics } from "./metrics.ts";
import { Store } from "./store.ts";

/** Team of the administrator's token. */
const ADMIN = "flowplane-admin";

/** A running control plane. */
export interface Flowplane extends AsyncDisposable {
  /** The API: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where metrics and health checks are. */
  readonly metricsUrl: string;
  /** The administrator's token: the configured one, or a new one. */
  readonly adminToken: string;
}

/**
 * Starts the API, the discovery service and the metrics' server.
 *
 * @param log gets one line for each thing that an operator should know
 */
export async function startFlowplane(config: Config, log: (line: string) => void = () => {}): Promise<Flowplane> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(new Store(config.FLOWPLANE_DATABASE));
  const registry = newRegistry(config);
  stack.use(recordProcessMetrics(registry));
  const metrics = recordMetrics(registry, store, config.FLOWPLANE_HASH_TEAMS);
  const access = new Access(store, metrics);

  const leader = config.FLOWPLANE_LEADER;
  const adminToken = leader === undefined ? administrator(store, config.adminToken) : config.adminToken!;
  const follower = leader === undefined ? undefined : new Follower(store, leader, adminToken, log);
  const following = follower?.run();

  const server = createServer((request, response) => {
    void answer({ store, access, metrics, ...(leader && { leader }) }, request, response);
  });
  // Discovery streams stay open. Only a request's head has a timeout, `headersTimeout`.
  server.requestTimeout = 0;
  server.listen(config.FLOWPLANE_PORT, config.FLOWPLANE_HOST);
  await once(server, "listening");
  stack.defer(async () => {
    follower?.stop();
    server.close();
    server.closeAllConnections();
    await Promise.all([following, once(server, "close")]);
  });
  const exporter: MetricsServer = stack.use(
    await serve(registry, {
      host: config.METRICS_HOST,
      port: config.METRICS_PORT,
      ...(config.METRICS_USERNAME && {
        auth: { basic: { username: config.METRICS_USERNAME, password: config.metricsPassword! } },
      }),
      health: { ready: { leader: () => follower?.synced ?? true } },
    }),
  );
  const parts = stack.move();
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    metricsUrl: exporter.url,
    adminToken,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** A registry with the limits and the key of a configuration. */
const newRegistry = ({ METRICS_MAX_SERIES: maxSeries, hashKey }: Config): Registry =>
  new Registry({
    maxSeries,
    exceptions: prescribedNames,
    ...(hashKey && { hashKey }),
  });

/** Makes sure that there is an administrator with the configured token, or with a new one. */
function administrator(store: Store, configured: string | undefined): string {
  if (configured !== undefined && store.ownerOf(configured)?.role === "admin") return configured;
  store.deleteTeam(ADMIN);
  return store.addTeam(ADMIN, "admin", configured);
}
