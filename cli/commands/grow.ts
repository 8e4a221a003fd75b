import type { Command } from "commander";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { stackFolder } from "../../stacks/load.ts";
import { loadStack, objectsOf, type RenderedStack } from "../../stacks/stack.ts";
import { CommandFailure } from "../failure.ts";
import { type Claim, type ClaimStep, growthOf, type LiveState } from "../grow/growth.ts";
import { type Kubectl, KubectlError, kubectlFor } from "../grow/kubectl.ts";
import { jsonOption, stackOption } from "../options.ts";
import { print, progress } from "../terminal.ts";

interface GrowOptions {
  readonly stack: string;
  readonly context?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What came of a step. */
type Result = Omit<ClaimStep, "object"> & { readonly error?: string };

/** `skopos grow`: expands the claims in the cluster to what the stack needs. Restarts nothing, and can be repeated. */
export function addGrow(program: Command): void {
  program
    .command("grow")
    .summary("expand the volume claims in the cluster to the sizes that the stack needs")
    .addOption(stackOption())
    .option("--context <name>", "context of the kubeconfig; by default the stack's, or else the current one")
    .option("--dry-run", "show what would be done")
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  skopos grow --stack prod --dry-run\n  skopos grow --stack prod")
    .action(async ({ stack, context, dryRun = false, json }: GrowOptions) => {
      const rendered = loadStack(stackFolder(), stack);
      const used = context ?? rendered.config.cluster.context;
      const kubectl = kubectlFor(used);
      const steps = growthOf(
        objectsOf(rendered).map(({ object }) => object),
        await liveState(kubectl, used, rendered),
      );
      const results: Result[] = [];
      for (const step of steps) results.push(await (dryRun ? shown(step) : carryOut(kubectl, step)));
      if (json) print(JSON.stringify({ stack, dryRun, claims: results }, null, 2));
      else if (results.length === 0) print(`every claim of ${stack} is as large as it has to be`);
      else print(results.map((result) => lineOf(result, dryRun)).join("\n"));
      const failed = results.filter(({ action, error }) => action === "blocked" || error !== undefined).length;
      if (failed === 0) return;
      progress(
        `${failed} of ${results.length} claims could not be expanded; see "Expanding volumes" in docs/changing-a-stack.md`,
      );
      process.exitCode = 1;
    });
}

async function liveState(kubectl: Kubectl, context: string | undefined, { config }: RenderedStack): Promise<LiveState> {
  const { stack, agents } = config.namespaces;
  try {
    const of = async <T extends KubernetesObject>(kind: string) =>
      (await Promise.all([...new Set([stack, agents])].map((namespace) => kubectl.list<T>(kind, namespace)))).flat();
    const [statefulSets, claims, classes] = await Promise.all([
      of("statefulsets"),
      of<Claim>("persistentvolumeclaims"),
      kubectl.list<KubernetesObject & { allowVolumeExpansion?: boolean }>("storageclasses"),
    ]);
    const expandable = new Map(classes.map((each) => [each.metadata.name, each.allowVolumeExpansion === true]));
    return { statefulSets, claims, expandable };
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    const check = `kubectl ${context ? `--context ${context} ` : ""}get pvc -n ${stack}`;
    throw new CommandFailure(
      `cannot read the claims: ${error.message}; "${check}" must work, or name another context with --context`,
    );
  }
}

const shown = (step: ClaimStep): Result => {
  const { object: _, ...rest } = step as ClaimStep & { readonly object?: unknown };
  return rest;
};

/** One claim's failure leaves the others alone: they are independent, and a second run does what is left. */
async function carryOut(kubectl: Kubectl, step: ClaimStep): Promise<Result> {
  const { action, namespace, claim, to } = step;
  try {
    if (action === "expand") {
      const patch = { spec: { resources: { requests: { storage: to } } } };
      await kubectl.run(["patch", "pvc", claim, "-n", namespace, "--type", "merge", "-p", JSON.stringify(patch)]);
    } else if (action === "create") await kubectl.run(["create", "-f", "-"], JSON.stringify(step.object));
    return shown(step);
  } catch (error) {
    if (error instanceof KubectlError) return { ...shown(step), error: error.message };
    throw error;
  }
}

const done = { expand: "expanded", create: "created", expanding: "expanding", blocked: "not expanded" } as const;
const planned = { ...done, expand: "would be expanded", create: "would be created" } as const;

function lineOf(result: Result, dryRun: boolean): string {
  const { action, namespace, claim, to, error } = result;
  const { from, reason } = result as { from?: string; reason?: string };
  const sizes = from ? `${from} -> ${to}` : to;
  const state = error === undefined ? (dryRun ? planned : done)[action] : "failed";
  const why = error ?? reason;
  return `${namespace}/${claim}  ${sizes}  ${state}${why ? `: ${why}` : ""}`;
}
