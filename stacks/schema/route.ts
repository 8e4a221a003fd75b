import { z } from "zod";
import { anyText, dnsLabel, dnsSubdomain, host, labelKey, line } from "../../lib/formats/index.ts";
import { mapping, text } from "../formats.ts";

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
