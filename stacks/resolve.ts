import { App } from "cdk8s";
import { composeObservability, type ObservabilityProps } from "../components/observability.ts";
import { liesWithin } from "../lib/formats/index.ts";
import type { ClusterFacts, ImageOptions } from "../lib/kubernetes/index.ts";
import { completeWorkload, type Retention, retentionProfiles, type Workload, workloads } from "../lib/sizing/index.ts";
import { checkConfig } from "./checks.ts";
import { components } from "./components/index.ts";
import { factsOf, withoutUndefined } from "./facts.ts";
import { orProblems } from "./findings.ts";
import type { ImageLock } from "./image-lock.ts";
import { parseConfig } from "./parse.ts";
import { ConfigurationError, type Problem } from "./problem.ts";
import { alertOverridesOf } from "./schema/alert-rules.ts";
import { additionsOf } from "./schema/extra.ts";
import { plain } from "./schema/options.ts";
import { patchesOf } from "./schema/patches.ts";
import type { StackConfig, StackConfigInput } from "./schema.ts";

/** A stack, worked out: the facts it was worked out from, and what it deploys. */
export interface ResolvedStack {
  readonly name: string;
  readonly config: StackConfig;
  readonly workload: Workload;
  readonly retention: Retention;
  readonly props: ObservabilityProps;
}

export interface ResolveOptions {
  /** Name of the stack. */
  readonly stack: string;
  /** Whether values may come from elsewhere at run time (Pulumi ESC), so that missing ones are not wrong. @default false */
  readonly hasEnvironment?: boolean;
  /** Problems that were found before, reported together with all others. @default none */
  readonly problems?: readonly Problem[];
  /** Digests of the stack's images. @default none */
  readonly imageLock?: ImageLock;
}

/**
 * Works a configuration out: pure, the same for `pulumi up`, `render` and `plan`.
 * @param raw the configuration as written, keys without their `skopos:`
 * @throws ConfigurationError with every problem at once
 */
export function resolve(raw: unknown, options: ResolveOptions): ResolvedStack {
  const parsed = parseConfig(raw);
  const { config } = parsed;
  const unreadable = [...(options.problems ?? []), ...parsed.problems];
  if (!config) throw new ConfigurationError(unreadable);
  const workload = resolveWorkload(config);
  const retention = resolveRetention(config);
  const stack = { name: options.stack, config, workload, retention };
  const props = resolveProps(config, workload, retention, options.imageLock);
  const nonsense = checkConfig({ ...stack, props, hasEnvironment: options.hasEnvironment ?? false });
  const problems = [...unreadable, ...nonsense.filter(({ path }) => !concernsAny(path, unreadable))];
  if (problems.length > 0) throw new ConfigurationError([...problems, ...patchProblems(props, problems)]);
  return { ...stack, props };
}

/**
 * What is wrong with the patches of a configuration that has other problems. Patches are applied to rendered objects: where the
 * other problems prevent that, and where patches cannot be read, nothing is known about them.
 */
function patchProblems(props: ObservabilityProps, told: readonly Problem[]): readonly Problem[] {
  if (!props.patches || told.some(({ path }) => path.startsWith("skopos:patches"))) return [];
  try {
    orProblems(() => composeObservability(new App(), props));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) return [];
    // What a patch matches may be missing because of another problem.
    const elsewhere = told.some(({ path }) => path.startsWith("skopos:components"));
    return error.problems.filter(
      ({ code, path }) => path.startsWith("skopos:patches") && !(elsewhere && code === "SKP1310"),
    );
  }
}

/**
 * Props of a whole stack, from a configuration with the names of the stack file: for `Observability` and
 * `composeObservability` in programs that have no stack file.
 * @throws ConfigurationError with every problem at once
 * @example observabilityProps({ cluster: { name: "prod", version: "1.36" }, retention: "standard", scale: "medium" })
 */
export function observabilityProps(config: StackConfigInput): ObservabilityProps {
  return resolve(config, { stack: "program", hasEnvironment: true }).props;
}

/** Whether a path is, or holds, or lies in the place of a problem that is already told. */
function concernsAny(path: string, told: readonly Problem[]): boolean {
  return told.some((problem) => liesWithin(path, problem.path) || liesWithin(problem.path, path));
}

/** The profile's workload with what the configuration states. */
function resolveWorkload({ scale, workload }: StackConfig): Workload {
  const { scrapeInterval, logsPerDay, ...counts } = workload;
  const known = withoutUndefined({ ...counts, scrapeIntervalSeconds: scrapeInterval, logBytesPerDay: logsPerDay });
  return completeWorkload(known, workloads[scale]);
}

/** The profile's retention with the configuration's overrides. */
function resolveRetention({ retention: { profile, ...overrides } }: StackConfig): Retention {
  return { ...retentionProfiles[profile], ...withoutUndefined(overrides) };
}

/** What a configuration deploys for a workload that need not be its own. */
export function resolveProps(
  config: StackConfig,
  workload: Workload,
  retention: Retention,
  imageLock?: ImageLock,
): ObservabilityProps {
  const facts = factsOf({ config, workload, retention });
  return withoutUndefined({
    cluster: resolveCluster(config),
    namespaces: config.namespaces,
    images: resolveImages(config, imageLock),
    defaults: Object.keys(plain(config.defaults)).length > 0 ? plain(config.defaults) : undefined,
    patches: config.patches.length > 0 ? patchesOf(config.patches) : undefined,
    certificateAuthorities:
      config.extra.certificateAuthorities.length > 0 ? config.extra.certificateAuthorities : undefined,
    extra: additionsOf(config.extra),
    dataSources: config.extra.dataSources.length > 0 ? config.extra.dataSources.map(withoutUndefined) : undefined,
    runbooks: config.runbooks,
    grafanaUrl: grafanaUrl(config),
    alertOverrides: Object.keys(config.alerts.rules).length > 0 ? alertOverridesOf(config.alerts.rules) : undefined,
    networkPolicies: config.cluster.networkPolicies,
    workload,
    retention,
    availability: config.availability,
    collectors: config.collectors,
    evaluator: facts.evaluator,
    tenants: Object.keys(config.tenants).length > 0 ? tenantsOf(config) : undefined,
    external: merged(components.map(({ external }) => external?.(config) ?? {})),
    ...merged(components.map(({ settings }) => settings?.(facts) ?? {})),
  });
}

/** Where people open dashboards; undefined if the stack's Grafana has no host name. */
function grafanaUrl({ components: { grafana } }: StackConfig): string | undefined {
  if (!grafana.enabled) return undefined;
  return grafana.external?.url ?? (grafana.host && `https://${grafana.host}`);
}

/** The tenants of teams; their folders are settings of Grafana. */
function tenantsOf({ tenants }: StackConfig): ObservabilityProps["tenants"] {
  return Object.fromEntries(
    Object.entries(tenants).map(([name, { folder: _, ...tenant }]) => [name, withoutUndefined(tenant)]),
  );
}

function merged<T extends object>(parts: readonly T[]): T {
  return Object.assign({}, ...parts) as T;
}

function resolveCluster({ cluster }: StackConfig): ClusterFacts {
  const { networkPolicies: _, context: __, kubeconfig: ___, ...facts } = cluster;
  return withoutUndefined(facts);
}

function resolveImages({ images }: StackConfig, lock?: ImageLock): ImageOptions {
  const locked = Object.entries(lock?.images ?? {});
  return {
    registries: images.registries,
    ...(locked.length > 0 && { digests: Object.fromEntries(locked.map(([name, { digest }]) => [name, digest])) }),
    ...(images.pullSecrets.length > 0 && { pullSecrets: images.pullSecrets }),
  };
}
