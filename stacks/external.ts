import type { Endpoint } from "../lib/kubernetes/index.ts";

/** Ports of URLs that state none. */
const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** An externally managed service as an endpoint. @param suffix path of one of its APIs, appended to the URL's own */
export function externalEndpoint(
  address: { readonly url: string; readonly tenant?: string | undefined },
  suffix = "",
): Endpoint {
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

/** The same for OTLP over gRPC. */
export function externalGrpc(url: string): Endpoint {
  const { host, port, scheme } = externalEndpoint({ url });
  return { host, port, scheme: scheme === "https" ? "grpcs" : "grpc" };
}
