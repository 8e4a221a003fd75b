import { z } from "zod";

/** What a team owns, in the order in which one refers to the next: listeners to routes, routes to clusters. */
export const resourceTypes = ["cluster", "route", "listener"] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** RFC 1123 label: the names of teams and resources. */
export const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: "must be lower-case letters, digits and hyphens, at most 63, such as payments-v2",
});
const host = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, { error: "must be a host name or an IP address" });
const port = z.int().min(1).max(65_535);

const cluster = z.strictObject({
  endpoints: z
    .array(z.strictObject({ address: host, port }))
    .min(1)
    .max(1_000),
  connectTimeoutMs: z.int().min(1).max(600_000).default(5_000),
});

const route = z.strictObject({
  domains: z.array(z.string().min(1).max(253)).min(1).max(100).default(["*"]),
  routes: z
    .array(z.strictObject({ prefix: z.string().startsWith("/").max(1_024), cluster: name }))
    .min(1)
    .max(1_000),
});

const listener = z.strictObject({ address: host.default("0.0.0.0"), port, route: name });

/** The body of each type, as it is sent to the API. */
export const bodies = { cluster, route, listener } as const;

export type Body = z.output<(typeof bodies)[ResourceType]>;
export type RouteBody = z.output<typeof route>;
export type ListenerBody = z.output<typeof listener>;
export type ClusterBody = z.output<typeof cluster>;

/** One resource of a team. */
export interface Resource {
  readonly team: string;
  readonly type: ResourceType;
  readonly name: string;
  readonly body: Body;
}

/** The resources that a body refers to, all of the same team. */
export function references(type: ResourceType, body: Body): readonly (readonly [ResourceType, string])[] {
  if (type === "route") return (body as RouteBody).routes.map(({ cluster: target }) => ["cluster", target]);
  if (type === "listener") return [["route", (body as ListenerBody).route]];
  return [];
}
