/** Values of metric labels. They are in a file of their own because every thread loads the catalogue, and the API client is large. */

/** How an end of a flow was recognised. */
export const recognitions = ["address", "cgroup", "endpoint", "node", "service", "none"] as const;
export type Recognition = (typeof recognitions)[number];

/** Resources that are watched. */
export const resources = ["pods", "nodes", "services", "endpointslices", "replicasets", "jobs", "namespaces"] as const;
export type Resource = (typeof resources)[number];
