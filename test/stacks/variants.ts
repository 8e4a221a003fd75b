import { collectorModes } from "../../lib/otel/index.ts";
import { retentions, scales } from "../../lib/sizing/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { type RenderedStack, renderStack } from "../../stacks/stack.ts";

/** The environments that the repository carries. */
export const stackNames = ["dev", "staging", "prod"] as const;

/** Pairs that the checks refuse: hours of retention at a scale that people depend on. */
const refused = (scale: string, retention: string) =>
  retention === "ephemeral" && (scale === "large" || scale === "xlarge");

/** A stack to look at, by a name that says what it is. */
export interface Variant {
  readonly name: string;
  readonly render: () => RenderedStack;
}

const variant = (name: string, stack: string, changes: object): Variant => ({
  name,
  render: () => renderStack(resolve({ ...readStackFile("stacks", stack).raw, ...changes }, { stack })),
});

/** The three environments in both collector modes. */
export const environments: readonly Variant[] = stackNames.flatMap((stack) =>
  collectorModes.map((collectors) => variant(`${stack}, ${collectors} collectors`, stack, { collectors })),
);

/** One Tempo process carries the spans of `medium`; beyond that it needs the queue of its scalable form. */
const components = (scale: string): object => {
  const { components: prod } = readStackFile("stacks", "prod").raw as { components: object };
  if (scale !== "large" && scale !== "xlarge") return { components: prod };
  return { components: { ...prod, traces: { backend: "tempo", kafka: { address: "kafka.example.com:9092" } } } };
};

/** Every sensible pair of profiles, with everything on as prod has it. */
export const profilePairs: readonly Variant[] = scales.flatMap((scale) =>
  retentions
    .filter((retention) => !refused(scale, retention))
    .map((retention) => variant(`${scale} + ${retention}`, "prod", { scale, retention, ...components(scale) })),
);

/** Everything that has to hold for any stack is tried on these. */
export const variants: readonly Variant[] = [...environments, ...profilePairs];

const route = {
  kind: "ingress",
  host: "otlp.example.com",
  authentication: { tokens: { secret: "otlp", key: "tokens" } },
};
/** Tenants with limits of their own, and without. */
const tenants = {
  shop: { namespaces: ["shop"], loki: { max_global_streams_per_user: 1_000 } },
  search: { namespaces: ["search"] },
};
const withComponents = (stack: string, changes: Readonly<Record<string, object>>) => {
  const { components: own = {} } = readStackFile("stacks", stack).raw as { components?: Record<string, unknown> };
  const merged = Object.entries(changes).map(([name, change]) => {
    const options = own[name];
    return [name, { ...(options !== null && typeof options === "object" && options), ...change }];
  });
  return { ...own, ...Object.fromEntries(merged) };
};

/** Stacks that together have every rule and dashboard. */
export const queriedStacks: readonly Variant[] = [
  ...stackNames.map((stack) => variant(stack, stack, {})),
  profilePairs.find(({ name }) => name === "large + archive")!,
  variant("prod, telemetry from outside, tenants, flows, collectors of the operator", "prod", {
    collectors: "operator",
    tenants,
    components: withComponents("prod", { otelGateway: { route }, flowAgent: {} }),
  }),
  variant("dev, telemetry from outside to one gateway", "dev", {
    components: withComponents("dev", { otelGateway: { route, replicas: 1 } }),
  }),
];
