import type { ExternalEndpoints } from "../../components/observability.ts";
import type { Endpoint } from "../../lib/kubernetes/index.ts";
import type { StackConfig } from "../schema.ts";

/** Ports of URLs that state none. */
const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** An address of somebody else's as an endpoint. @param suffix path of one API below it */
function endpoint(address: { readonly url: string; readonly tenant?: string | undefined }, suffix = ""): Endpoint {
  const { protocol, hostname, port, pathname } = new URL(address.url);
  const path = `${pathname.replace(/\/+$/, "")}${suffix}`;
  return {
    scheme: protocol === "https:" ? "https" : "http",
    host: hostname,
    port: port ? Number(port) : (defaultPorts[protocol] as number),
    ...(path && { path }),
    ...(address.tenant && { headers: { "X-Scope-OrgID": address.tenant } }),
  };
}

/** An OTLP/gRPC address. */
function grpc(url: string): Endpoint {
  const { host, port, scheme } = endpoint({ url });
  return { host, port, scheme: scheme === "https" ? "grpcs" : "grpc" };
}

/** The endpoints of what is somebody else's. */
export function externalEndpoints({ components }: StackConfig): ExternalEndpoints {
  const { prometheus, alertmanager, mimir, loki, traces } = components;
  return {
    ...(prometheus.external && { prometheus: endpoint(prometheus.external) }),
    ...(alertmanager.external && { alertmanager: endpoint(alertmanager.external) }),
    ...(mimir.external && {
      mimir: {
        push: endpoint(mimir.external, "/api/v1/push"),
        otlp: endpoint(mimir.external, "/otlp"),
        query: endpoint(mimir.external, "/prometheus"),
        remoteRead: endpoint(mimir.external, "/prometheus/api/v1/read"),
      },
    }),
    ...(loki.external && {
      loki: {
        push: endpoint(loki.external, "/loki/api/v1/push"),
        otlp: endpoint(loki.external, "/otlp"),
        query: endpoint(loki.external),
      },
    }),
    ...(traces.external && {
      traces: {
        otlp: { ...grpc(traces.external.otlp), backend: traces.external.backend },
        query: { ...endpoint({ url: traces.external.query }), backend: traces.external.backend },
      },
    }),
  };
}
