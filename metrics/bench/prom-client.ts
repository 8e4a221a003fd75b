import type * as PromClientModule from "prom-client";

/** The API that prom-client and its successor share. */
export type PromClient = typeof PromClientModule;

export type PromClientName = "prom-client" | "@prometheus-io/client";

export async function promClient(name: PromClientName): Promise<PromClient> {
  const loaded = (await import(name)) as { default: PromClient };
  return loaded.default;
}
