import { z } from "zod";
import { anyText, dnsLabel, dnsSubdomain, host, labelKey, line } from "../../lib/formats/index.ts";
import { mapping, text } from "../formats.ts";
import { secretKeySchema } from "./secret.ts";

const ingress = {
  kind: z.literal("ingress").describe("An Ingress."),
  className: text(dnsSubdomain).optional().describe("IngressClass. By default the cluster's."),
  tlsSecret: text(dnsSubdomain)
    .optional()
    .describe("Secret with the TLS certificate; not for an Application Load Balancer. By default the controller's."),
  annotations: mapping(labelKey, anyText).optional().describe("Annotations for the Ingress controller."),
};

const gateway = {
  kind: z.literal("gateway").describe("An HTTPRoute of the Gateway API."),
  gateway: z
    .strictObject({
      name: text(dnsSubdomain).describe("Name of the Gateway."),
      namespace: text(dnsLabel).optional().describe("Its namespace. By default the stack's."),
      listener: text(dnsSubdomain).optional().describe("Name of the listener. By default all of them."),
    })
    .describe("The existing Gateway."),
};

/** How telemetry reaches the gateways from outside the cluster. */
const outside = {
  host: text(host).describe("Host name of OTLP/HTTP, over TLS: otlp.example.com."),
  grpcHost: text(host)
    .optional()
    .describe("Host name of OTLP/gRPC, over TLS; another one than host. By default there is no OTLP/gRPC."),
  authentication: z
    .strictObject({
      tokens: secretKeySchema.describe(
        "Secret key with the accepted tokens, one in each line; changes apply without a restart.",
      ),
      scheme: z
        .enum(["Bearer", "Basic"])
        .default("Bearer")
        .describe(
          "Scheme of the Authorization header; with Basic, each token is the base64 of a user name, a colon and a password.",
        ),
    })
    .describe("Tokens that clients must send, which the gateways check."),
};

/** How hosts are routed to the gateways. */
export const outsideRouteSchema = z.discriminatedUnion("kind", [
  z.strictObject({ ...ingress, ...outside }),
  z.strictObject({
    ...gateway,
    ...outside,
    gateway: gateway.gateway
      .extend({
        listener: text(dnsSubdomain).describe("Name of an HTTPS listener: over others, tokens could be read."),
      })
      .describe("The existing Gateway."),
  }),
]);

/** How a host is routed to a component that asks its users who they are. */
export const routeSchema = z.discriminatedUnion("kind", [z.strictObject(ingress), z.strictObject(gateway)]);

const ownHost = { host: text(host).describe("Host name under which users reach it, over HTTPS.") };

/** How a host is routed to a component that does not. */
export const authenticatedRouteSchema = z.discriminatedUnion("kind", [
  z.strictObject({ ...ingress, ...ownHost }),
  z.strictObject({
    ...gateway,
    ...ownHost,
    authentication: z
      .strictObject({
        group: text(dnsSubdomain).describe("API group: traefik.io."),
        kind: text(line).describe("Kind: Middleware."),
        name: text(dnsSubdomain).describe("Name, in the namespace of the stack."),
      })
      .describe("The Gateway's filter that authenticates users."),
  }),
]);
