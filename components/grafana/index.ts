export type { Access, Ldap, Oidc } from "./access.ts";
export * from "./chart.ts";
export type { PostgreSql, TeamFolders } from "./config.ts";
export * from "./content.ts";
export type { QueryPath, Sources } from "./data-sources.ts";
export type { GrafanaEndpoints, GrafanaProps } from "./props.ts";
export type { MountedDashboards, Provisioning } from "./provisioning.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
