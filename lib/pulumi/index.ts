export { type ChartClass, childOptions, SkoposComponent, typeToken } from "./component.ts";
export type { Inputs } from "./inputs.ts";
export { endpointUrl, type Outputs, revealEndpoints } from "./outputs.ts";
export { type ClusterAccess, clusterProvider } from "./provider.ts";
export { registerCharts } from "./register.ts";
export { TokenTable } from "./tokens.ts";
