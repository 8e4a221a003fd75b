import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Observability } from "../components/pulumi.ts";
import { clusterProvider } from "../lib/pulumi/index.ts";
import { planStack } from "./plan.ts";
import { ConfigurationError } from "./problem.ts";
import { type ResolvedStack, resolve } from "./resolve.ts";
import { stackSchema } from "./schema.ts";

/** Keys whose values may be secret and must stay Outputs: everything else has to be known before anything runs. */
const secretKeys = ["grafanaAdminPassword"] as const;

/** What a stack tells: what it asks of the cluster. */
export interface StackOutputs {
  readonly capacity: Readonly<Record<string, number>>;
  readonly endpoints: Readonly<Record<string, unknown>>;
}

/** Reads this Pulumi stack's configuration and deploys it. Called once a program run, by index.ts. */
export function runStack(): StackOutputs {
  const config = new pulumi.Config("skopos");
  const stack = resolveOrStop(readConfig(config), pulumi.getStack());
  const { cluster, namespaces } = stack.config;
  const kubeconfig = cluster.kubeconfig && config.getSecretObject<{ kubeconfig: string }>("cluster");
  const provider = clusterProvider("cluster", {
    clusterIdentifier: cluster.name,
    ...(cluster.context && { context: cluster.context }),
    ...(kubeconfig && { kubeconfig: kubeconfig.apply((value) => value?.kubeconfig ?? "") }),
  });
  const observability = new Observability("observability", stack.props, { providers: { kubernetes: provider } });
  const password = config.getSecret("grafanaAdminPassword");
  const { adminSecret } = stack.config.components.grafana;
  if (password && stack.config.components.grafana.enabled) {
    new kubernetes.core.v1.Secret(
      "grafana-admin",
      {
        metadata: { name: adminSecret.name, namespace: namespaces.stack },
        stringData: { [adminSecret.userKey]: "admin", [adminSecret.passwordKey]: password },
      },
      { provider, dependsOn: observability.namespaces },
    );
  }
  return { capacity: planStack({ ...stack, charts: observability.charts }).totals, endpoints: observability.endpoints };
}

/** The configuration as it is written, without `skopos:`; secret values are left where they are. */
function readConfig(config: pulumi.Config): Record<string, unknown> {
  const known = Object.keys(stackSchema.shape).filter((key) => !(secretKeys as readonly string[]).includes(key));
  const entries = known.flatMap((key) => {
    const text = config.get(key);
    return text === undefined ? [] : [[key, parseValue(text)] as const];
  });
  return Object.fromEntries(entries);
}

/** Pulumi hands objects and lists over as JSON, and texts as they are. */
function parseValue(text: string): unknown {
  return /^[[{]/.test(text) ? JSON.parse(text) : text;
}

/** A mistake in the configuration ends the program with what is wrong and how to mend it, and no stack. */
function resolveOrStop(raw: unknown, stack: string): ResolvedStack {
  try {
    return resolve(raw, { stack });
  } catch (error) {
    if (error instanceof ConfigurationError) throw new pulumi.RunError(`\n${error.message}`);
    throw error;
  }
}
