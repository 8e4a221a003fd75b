import type { ClusterBody, ListenerBody, Resource, ResourceType, RouteBody } from "./resources.ts";

/** Names of the types in Envoy's API v3: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol */
const typeUrls: Readonly<Record<ResourceType, string>> = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
};

export const typeUrl = (type: ResourceType): string => typeUrls[type];

export const typeOf = (url: string): ResourceType | undefined =>
  (Object.keys(typeUrls) as ResourceType[]).find((type) => typeUrls[type] === url);

const socket = (address: string, port: number) => ({ address: { socket_address: { address, port_value: port } } });

const managerType =
  "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/** A resource as Envoy reads it, in JSON. */
export function envoy({ type, name, body }: Resource): Readonly<Record<string, unknown>> {
  const head = { "@type": typeUrls[type], name };
  if (type === "cluster") {
    const { endpoints, connectTimeoutMs } = body as ClusterBody;
    const lbEndpoints = endpoints.map(({ address, port }) => ({ endpoint: socket(address, port) }));
    return {
      ...head,
      type: "STRICT_DNS",
      connect_timeout: `${connectTimeoutMs / 1_000}s`,
      load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: lbEndpoints }] },
    };
  }
  if (type === "route") {
    const { domains, routes } = body as RouteBody;
    const matches = routes.map(({ prefix, cluster }) => ({ match: { prefix }, route: { cluster } }));
    return { ...head, virtual_hosts: [{ name, domains, routes: matches }] };
  }
  const { address, port, route } = body as ListenerBody;
  const typedConfig = {
    "@type": managerType,
    stat_prefix: name,
    rds: { route_config_name: route, config_source: { ads: {}, resource_api_version: "V3" } },
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: typedConfig }];
  return { ...head, ...socket(address, port), filter_chains: [{ filters }] };
}
