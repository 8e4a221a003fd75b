export { type ParseOptions, parseConfig } from "./parse.ts";
export { environmentName, type ObservabilityConfig, SETTINGS, type Setting } from "./schema.ts";
export { type Observability, registryOptions, startObservability } from "./start.ts";
