import { parseHttpUrl } from "../lib/formats/index.ts";
import type { Endpoint } from "../lib/kubernetes/index.ts";

/** An externally managed service as an endpoint. @param suffix path of one of its APIs, appended to the URL's own */
export function externalEndpoint(
  external: { readonly url: string; readonly tenant?: string | undefined },
  suffix = "",
): Endpoint {
  const { path, ...address } = parseHttpUrl(external.url);
  return {
    ...address,
    ...((path || suffix) && { path: `${path}${suffix}` }),
    ...(external.tenant && { headers: { "X-Scope-OrgID": external.tenant } }),
  };
}

/** The same for OTLP over gRPC. */
export function externalGrpc(url: string): Endpoint {
  const { host, port, scheme } = externalEndpoint({ url });
  return { host, port, scheme: scheme === "https" ? "grpcs" : "grpc" };
}
