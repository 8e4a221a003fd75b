import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { stringify } from "yaml";
import { supportedKubernetes } from "../../stacks/checks.ts";
import { print, progress } from "../terminal.ts";

/** Versions of the peer dependencies for a new project: those that this package is tested with. */
const peers = {
  "@pulumi/kubernetes": "^4.25.0",
  "@pulumi/pulumi": "^3.200.0",
  cdk8s: "^2.70.0",
  "cdk8s-plus-28": "^2.5.0",
  constructs: "^10.4.0",
};

function files(name: string, source: string): Readonly<Record<string, string>> {
  const manifest = { name, private: true, type: "module", dependencies: { ...peers, skopos: source } };
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "Pulumi.yaml": stringify({
      name,
      main: "index.ts",
      runtime: { name: "nodejs", options: { typescript: false } },
    }),
    "index.ts": `import { runStack } from "skopos";

/** The whole stack, from Pulumi.<stack>.yaml. Components can also be used one by one: import { Mimir } from "skopos". */
export const { capacity, endpoints } = runStack();
`,
    "Pulumi.dev.yaml": stringify({
      config: {
        "skopos:cluster": { name: "dev", version: supportedKubernetes.newest, networkPolicies: false },
        "skopos:retention": "ephemeral",
        "skopos:scale": "small",
        "skopos:availability": "single",
        "skopos:workload": {
          nodes: 1,
          activeSeries: "20k",
          logsPerDay: "1GiB",
          spansPerSecond: 50,
          queriesPerSecond: 1,
        },
      },
    }),
    ".gitignore": "node_modules/\ndist/\n",
  };
}

/** `skopos init`: creates a project that imports Skopos. */
export function addInit(program: Command): void {
  program
    .command("init")
    .summary("create a project that imports Skopos")
    .argument("[folder]", "folder of the new project", ".")
    .requiredOption("--from <source>", "package to install: a tarball made by npm pack, or a path")
    .addHelpText(
      "after",
      "\nExample:\n  npm run build && npm pack && npx skopos init ../observability --from ./skopos-0.1.0.tgz",
    )
    .action((folder: string, { from }: { from: string }) => {
      const target = resolve(folder);
      const contents = files(target.split(/[\\/]/).at(-1) || "observability", `file:${resolve(from)}`);
      const taken = Object.keys(contents).filter((file) => existsSync(join(target, file)));
      if (taken.length > 0 || !existsSync(resolve(from))) {
        progress(
          taken.length > 0 ? `already exists: ${taken.join(", ")}; nothing was written` : `file not found: ${from}`,
        );
        process.exitCode = 1;
        return;
      }
      mkdirSync(target, { recursive: true });
      for (const [file, text] of Object.entries(contents)) writeFileSync(join(target, file), text);
      print(
        `${Object.keys(contents).length} files in ${folder}\nnext:\n  cd ${folder} && npm install && npx skopos plan --stack dev`,
      );
    });
}
