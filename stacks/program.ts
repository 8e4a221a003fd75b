import { isAbsolute } from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Observability } from "../components/pulumi.ts";
import { clusterProvider } from "../lib/pulumi/index.ts";
import { defaultAdminSecret } from "./components/grafana.ts";
import { orProblems } from "./findings.ts";
import { readImageLock } from "./image-lock.ts";
import { configKeys, type RawConfig, stackFolder } from "./load.ts";
import { type StackOverrides, withOverrides } from "./overrides.ts";
import { planStack } from "./plan.ts";
import { ConfigurationError } from "./problem.ts";
import { type ResolvedStack, resolve } from "./resolve.ts";

/** What a program can add to its stack's configuration. */
export interface StackOptions {
  /**
   * Values that replace those of the stack file, by the same names. `skopos render`, `plan`, `check` and `diff` read only the file,
   * so this is the place of what the program alone knows.
   * @default none
   */
  readonly overrides?: StackOverrides;
  /** Transforms of every resource of the stack, including its provider. @default none */
  readonly transforms?: pulumi.ResourceTransform[];
}

/** A deployed stack. */
export interface StackOutputs {
  /** Totals of what it requests, as `skopos plan` prints them. */
  readonly capacity: Readonly<Record<string, number>>;
  /** Endpoints of its components. */
  readonly endpoints: Observability["endpoints"];
}

/**
 * Reads this Pulumi stack's configuration and deploys it. Called once per program run.
 * @throws RunError with every problem of the configuration
 */
export function runStack({ overrides = {}, transforms = [] }: StackOptions = {}): StackOutputs {
  const config = new pulumi.Config("skopos");
  const { raw: written, problems } = readConfig();
  const raw = withOverrides(written, overrides);
  const stack = orStop(() => {
    const name = pulumi.getStack();
    const { lock, problems: lockProblems } = readImageLock(stackFolder(projectFolder()), name);
    return resolve(raw, { stack: name, problems: [...problems, ...lockProblems], imageLock: lock });
  });
  orStop(() => requirePassword(stack));
  const { cluster, namespaces } = stack.config;
  const kubeconfig = cluster.kubeconfig && config.getSecretObject<{ kubeconfig: string }>("cluster");
  const provider = clusterProvider(
    "cluster",
    {
      clusterIdentifier: cluster.name,
      ...(cluster.context && { context: cluster.context }),
      ...(kubeconfig && { kubeconfig: kubeconfig.apply((value) => value?.kubeconfig ?? "") }),
    },
    { transforms },
  );
  const observability = orStop(() =>
    orProblems(
      () => new Observability("observability", stack.props, { providers: { kubernetes: provider }, transforms }),
    ),
  );
  const password = config.getSecret("grafanaAdminPassword");
  const adminSecret = stack.config.components.grafana.adminSecret ?? defaultAdminSecret;
  if (password && stack.config.components.grafana.enabled) {
    new kubernetes.core.v1.Secret(
      "grafana-admin",
      {
        metadata: { name: adminSecret.name, namespace: namespaces.stack },
        stringData: { [adminSecret.userKey]: "admin", [adminSecret.passwordKey]: password },
      },
      { provider, transforms, dependsOn: observability.namespaces },
    );
  }
  return { capacity: planStack({ ...stack, charts: observability.charts }).totals, endpoints: observability.endpoints };
}

/** The folder of Pulumi.yaml. The SDK knows its path only where the CLI started the program. */
function projectFolder(): string {
  const folder = pulumi.getRootDirectory();
  return isAbsolute(folder) ? folder : process.cwd();
}

/**
 * Without a password, Grafana's pods would wait for a Secret that nobody creates, after everything else is deployed.
 * @throws ConfigurationError if there is neither a password nor the name of an existing Secret
 */
function requirePassword({ config }: ResolvedStack): void {
  const { enabled, external, adminSecret } = config.components.grafana;
  if (!enabled || external || adminSecret || config.grafanaAdminPassword !== undefined) return;
  throw new ConfigurationError([
    {
      code: "SKP1261",
      path: "skopos:grafanaAdminPassword",
      message: "Grafana has no administrator's password, and components.grafana.adminSecret names no existing Secret",
      fix: "# run: pulumi config set --secret skopos:grafanaAdminPassword\n# or, with a Secret of your own:\nskopos:components:\n  grafana:\n    adminSecret: { name: grafana-admin }",
    },
  ]);
}

/** The configuration as it is written, without `skopos:`; secret values stay where they are. */
function readConfig(): RawConfig {
  const entries = Object.entries(pulumi.runtime.allConfig()).map(([key, text]) => {
    const value = parseValue(text);
    return [key, isConfigSecret(key) ? withoutSecrets(key, value) : value] as const;
  });
  return configKeys(Object.fromEntries(entries));
}

/** Whether a key was set with `--secret`: the SDK knows, and does not declare it. */
function isConfigSecret(key: string): boolean {
  return (pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean }).isConfigSecret(key);
}

/** Pulumi marks a whole object as secret if one value in it is. */
function withoutSecrets(key: string, value: unknown): unknown {
  const secure = { secure: "" };
  if (key !== "skopos:cluster") return secure;
  const cluster = value as Record<string, unknown>;
  return { ...cluster, ...(cluster.kubeconfig !== undefined && { kubeconfig: secure }) };
}

/** Pulumi hands objects and lists over as JSON, and texts as they are. */
function parseValue(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Ends the program with the problems of the configuration and their fixes, without a stack trace. */
function orStop<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new pulumi.RunError(`\n${error.message}`);
    throw error;
  }
}
