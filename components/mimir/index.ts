export {
  type MimirCache,
  type MimirLoad,
  type MimirMode,
  type MimirService,
  type MimirWorkload,
  microservicesFrom as mimirMicroservicesFrom,
  mimirCaches,
  mimirServices,
} from "./capacity.ts";
export { MimirChart } from "./chart.ts";
export type { GatewayRouteProps } from "./gateway-route.ts";
export { seriesLimit, type TenantLimits } from "./limits.ts";
export { aggregateGroups, aggregateSeconds, longTermTenant } from "./monitoring/aggregates.ts";
export { MimirRulesChart, type MimirRulesProps } from "./monitoring/rules.ts";
export type { MimirEndpoints, MimirProps } from "./props.ts";
export {
  type MicroservicesSizing,
  type MimirSizing,
  type MimirSizingBase,
  type MonolithicSizing,
  sizeMimir,
} from "./sizing.ts";
export { sharedArchive, validateMimir } from "./validate.ts";
