export { childOptions, revealEndpoints, SkoposComponent, typeToken } from "./component.ts";
export type { Inputs } from "./inputs.ts";
export { type ClusterAccess, clusterProvider } from "./provider.ts";
export { registerCharts } from "./register.ts";
export { TokenTable } from "./tokens.ts";
