import type { Pod } from "./pods.ts";
import { type Path, texts } from "./values.ts";

/**
 * Which modules of Mimir, Loki and Tempo use an address of the configuration that all of them share, by keys on its path.
 * Sources: grafana/mimir 3.2 pkg/mimir/modules.go, grafana/loki 3.8 pkg/loki/modules.go
 */
const users: readonly (readonly [key: string, modules: readonly string[]])[] = [
  ["frontend_worker", ["querier"]],
  ["tail_proxy_url", ["query-frontend"]],
  ["results_cache", ["query-frontend"]],
  ["frontend", ["query-frontend"]],
  ["chunks_cache", ["store-gateway"]],
  ["metadata_cache", ["store-gateway", "querier", "ruler"]],
  ["index_cache", ["store-gateway"]],
  ["ruler_storage", ["ruler"]],
  ["alertmanager_url", ["ruler"]],
  ["ruler_alertmanager_client_config", ["ruler"]],
  ["index_gateway_client", ["querier", "ruler"]],
  ["compactor_grpc_address", ["querier", "ruler", "query-frontend"]],
  ["compactor_address", ["querier", "ruler", "query-frontend"]],
  ["store_gateway_client", ["querier", "ruler"]],
  ["metrics_generator", ["metrics-generator"]],
];

/** The module that a pod runs, by its `-target`; undefined where it runs several. */
function moduleOf(pod: Pod): string | undefined {
  for (const { fields: container } of pod.containers) {
    for (const argument of [...texts(container.command), ...texts(container.args)]) {
      const target = /^--?target=([\w,-]+)$/.exec(argument)?.[1];
      if (target !== undefined) return target;
    }
  }
  return undefined;
}

/** Names of `-target` that stand for several modules at once. */
const several = new Set(["all", "read", "write", "backend", "scalable-single-binary"]);

/**
 * The pods that use a value of a configuration they share. Of one whose user is not known, all of them or nobody: undefined.
 */
export function usersOf(path: Path, readers: readonly Pod[]): readonly Pod[] | undefined {
  const known = users.find(([key]) => path.includes(key))?.[1];
  if (!known) return readers.length > 1 ? undefined : readers;
  return readers.filter((pod) => {
    const module = moduleOf(pod);
    return module === undefined || several.has(module)
      ? readers.length === 1
      : module.split(",").some((each) => known.includes(each));
  });
}
