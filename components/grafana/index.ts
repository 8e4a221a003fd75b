export type { Access, Ldap, Oidc } from "./access.ts";
export * from "./chart.ts";
export type { PostgreSql, TeamFolders } from "./config.ts";
export * from "./content.ts";
export type { QueryPath, Sources } from "./data-sources.ts";
export type { MountedDashboards, Provisioning } from "./provisioning.ts";
export type { GrafanaRoute } from "./route.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
