import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { stringify } from "yaml";
import { supportedKubernetes } from "../../stacks/checks.ts";
import { CommandFailure } from "../failure.ts";
import { print } from "../terminal.ts";

/** Packages of a new project: the versions that this package is tested with. */
const dependencies = {
  "@pulumi/kubernetes": "^4.25.0",
  "@pulumi/pulumi": "^3.200.0",
  cdk8s: "^2.70.0",
  "cdk8s-plus-28": "^2.5.0",
  constructs: "^10.4.0",
};

const devDependencies = { "@types/node": "^24.0.0", typescript: "^6.0.0" };

/** The oldest Node.js that runs TypeScript without a flag, as `engines` of this package states. */
const oldestNode = "22.18";

const readme = (name: string) => `# ${name}

The observability stack of our clusters, described with [Skopos](https://www.npmjs.com/package/skopos).
Needs Node.js >= ${oldestNode}.

    npm install
    npx skopos plan --stack dev      # capacity, with reasons, and what must exist before a deployment
    npx skopos check --stack dev     # policies
    pulumi up --stack dev            # deploy, with Pulumi

or, for GitOps:

    npx skopos render --stack dev --out clusters/dev

Each cluster is a file Pulumi.<stack>.yaml.
`;

/** Above the address of the runbooks, which alerts link to: a part of a path would be a finding of `skopos check`. */
const runbooksComment = "  # Where you publish the pages of node_modules/skopos/docs/runbooks.\n";

const workflow = {
  name: "Observability",
  on: { push: { branches: ["main"] }, pull_request: null },
  permissions: { contents: "read" },
  jobs: {
    check: {
      "runs-on": "ubuntu-24.04",
      "timeout-minutes": 10,
      steps: [
        { uses: "actions/checkout@v4", with: { "persist-credentials": false, "fetch-depth": 0 } },
        { uses: "actions/setup-node@v4", with: { "node-version": oldestNode } },
        { run: "npm install --ignore-scripts" },
        { run: "npx tsc --noEmit" },
        { run: "npx skopos check --stack dev" },
        {
          name: "What the pull request changes",
          if: "github.event_name == 'pull_request'",
          // Exit code 1 only says that there are changes.
          run: 'npx skopos diff --base "origin/$GITHUB_BASE_REF" --format markdown >> "$GITHUB_STEP_SUMMARY" || [ $? -eq 1 ]',
        },
      ],
    },
  },
};

function files(name: string, source: string): Readonly<Record<string, string>> {
  const manifest = {
    name,
    private: true,
    type: "module",
    engines: { node: `>=${oldestNode}` },
    dependencies: { ...dependencies, skopos: source },
    devDependencies,
  };
  const compilerOptions = {
    target: "es2024",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
    // Node runs the sources as they are: nothing but types is removed.
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  };
  const dev = stringify({
    config: {
      "skopos:cluster": { name: "dev", version: supportedKubernetes.newest, networkPolicies: false },
      "skopos:retention": "ephemeral",
      "skopos:scale": "small",
      "skopos:availability": "single",
      "skopos:runbooks": "https://runbooks.example.com/skopos",
      "skopos:workload": { nodes: 1, activeSeries: "20k", logsPerDay: "1GiB", spansPerSecond: 50, queriesPerSecond: 1 },
    },
  });
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify({ compilerOptions, include: ["*.ts"] }, null, 2)}\n`,
    "Pulumi.yaml": stringify({ name, main: "index.ts", runtime: { name: "nodejs", options: { typescript: false } } }),
    "index.ts": `import { runStack } from "skopos";

/** The whole stack, from Pulumi.<stack>.yaml. Components can also be used one by one: import { Mimir } from "skopos". */
export const { capacity, endpoints } = runStack();
`,
    "Pulumi.dev.yaml": `# yaml-language-server: $schema=node_modules/skopos/stacks/schema.json\n${dev.replace(/^(?= *"?skopos:runbooks)/m, runbooksComment)}`,
    "README.md": readme(name),
    ".github/workflows/observability.yaml": stringify(workflow, { nullStr: "", lineWidth: 0 }),
    ".gitignore": "node_modules/\ndist/\n",
  };
}

/** A package's name: what npm and Pulumi both accept, made of a folder's name. */
function projectName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return name || "observability";
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
      const contents = files(projectName(target), `file:${resolve(from)}`);
      const taken = Object.keys(contents).filter((file) => existsSync(join(target, file)));
      if (taken.length > 0) throw new CommandFailure(`already exists: ${taken.join(", ")}; nothing was written`);
      if (!existsSync(resolve(from))) throw new CommandFailure(`file not found: ${from}; nothing was written`);
      for (const [file, text] of Object.entries(contents)) {
        mkdirSync(dirname(join(target, file)), { recursive: true });
        writeFileSync(join(target, file), text);
      }
      print(
        `${Object.keys(contents).length} files in ${folder}\nnext:\n  cd ${folder} && npm install && npx skopos plan --stack dev`,
      );
    });
}
