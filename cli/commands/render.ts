import { isAbsolute } from "node:path";
import { type Command, Option } from "commander";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { stackFolder } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { loadStack } from "../../stacks/stack.ts";
import { CommandFailure } from "../failure.ts";
import { fluxFiles, forArgoCd, kustomizeFiles } from "../gitops.ts";
import { manifestsOf } from "../manifests.ts";
import { jsonOption, stackOption } from "../options.ts";
import { requirePrevious, requireSameStack, writeManifests } from "../output-folder.ts";
import { type KeptClaims, keepClaims, keptClaimsText } from "../recorded-claims.ts";
import { print, progress } from "../terminal.ts";

/** `skopos render`: writes the stack as one YAML file per object. Never loads Pulumi. */
export function addRender(program: Command): void {
  program
    .command("render")
    .summary("write the stack's manifests, one file per object")
    .addOption(stackOption())
    .option("-o, --out <folder>", "output folder; stale files of an earlier run are deleted", "dist/<stack>")
    .option("--force", "write to a folder that has other files; these are never deleted")
    .option("--argocd", "add sync waves and sync options for Argo CD")
    .option("--flux", "add Flux Kustomizations with dependencies and health checks, in flux/")
    .option("--kustomize", "add a kustomization.yaml to each folder")
    .option("--previous <folder>", "folder of an earlier run whose claim sizes are kept; --out by default")
    .addOption(
      new Option(
        "--resize-claims",
        "do not keep the claim sizes of an earlier run, because nothing was deployed from it",
      ).conflicts("previous"),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  skopos render --stack prod --out manifests
  kubectl apply --server-side -R -f manifests/00-crds
  kubectl wait --for=condition=Established --timeout=60s -R -f manifests/00-crds
  kubectl apply --server-side -R -f manifests
  skopos render --stack prod --previous clusters/prod --out $(mktemp -d)`,
    )
    .action(({ stack, out, previous, force = false, resizeClaims = false, json, ...gitOps }: RenderOptions) => {
      const folder = out.replace("<stack>", stack);
      requireSameStack(folder, stack);
      if (previous !== undefined) requirePrevious(previous, stack);
      const kept: KeptClaims[] = [];
      const keep: Adjust = resizeClaims ? same : keepClaims(previous ?? folder, (each) => kept.push(each));
      const annotate: Adjust = gitOps.argocd ? forArgoCd : same;
      const rendered = loadStack(stackFolder(), stack);
      const objects = manifestsOf(rendered, (object) => annotate(keep(object)));
      const path = out.replace("<stack>", stack).replace(/^\.\//, "").replace(/\/+$/, "");
      if (gitOps.flux && (isAbsolute(path) || path.startsWith("..")))
        throw new CommandFailure("--flux needs an --out inside the repository, relative to its root: clusters/prod");
      const manifests = [
        ...objects,
        ...(gitOps.kustomize ? kustomizeFiles(objects) : []),
        ...(gitOps.flux ? fluxFiles(objects, { stack, path }) : []),
      ];
      writeManifests(folder, manifests, { force, stack });
      if (json) {
        const files = manifests.map(({ path }) => path);
        const { kubernetesVersion, totals, cost } = planStack(rendered);
        return print(
          JSON.stringify({ stack, folder, files, keptClaims: kept, plan: { kubernetesVersion, totals, cost } }),
        );
      }
      progress(`wrote ${objects.length} objects of ${stack} to ${folder}`);
      if (kept.length > 0) progress(keptClaimsText(stack, kept));
    });
}

interface RenderOptions {
  readonly stack: string;
  readonly out: string;
  readonly force?: boolean;
  readonly previous?: string;
  readonly resizeClaims?: boolean;
  readonly argocd?: boolean;
  readonly flux?: boolean;
  readonly kustomize?: boolean;
  readonly json?: boolean;
}

type Adjust = (object: KubernetesObject) => KubernetesObject;

const same: Adjust = (object) => object;
