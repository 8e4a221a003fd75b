// biome-ignore-all lint/suspicious/noExplicitAny: changes reach any field of any resource
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyFacts } from "../../../cli/policy-check.ts";
import { comparePreview } from "../../../diff/compare-stacks.ts";
import { nameOf } from "../../../diff/model/object.ts";
import { jsonReport } from "../../../diff/report/json.ts";
import { riskText } from "../../../diff/report/report.ts";
import type { PolicyOptions } from "../../../policies/pulumi.ts";
import { runStack } from "../../../stacks/program.ts";
import { loadStack } from "../../../stacks/stack.ts";
import { rawStack } from "../stacks/variants.ts";
import { configure, newStack } from "./workspace.ts";

const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "skopos-preview-"));
const pack = join(folder, "pack");
const password = "correct horse battery staple";

/** Changes the resources that the program registers, as an override of a user does. */
let override: pulumi.ResourceTransformation = () => undefined;
let stack: Stack;

/** A policy pack as a user writes it: the engine starts it through the analyzer plugin and the SDK's own entry point. */
function writePack(options: PolicyOptions): void {
  mkdirSync(pack);
  symlinkSync(join(root, "node_modules"), join(pack, "node_modules"));
  writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: nodejs\n");
  writeFileSync(join(pack, "package.json"), JSON.stringify({ name: "pack", version: "1.0.0" }));
  writeFileSync(
    join(pack, "index.js"),
    `const { PolicyPack } = require("@pulumi/policy");
import(${JSON.stringify(join(root, "policies/pulumi.ts"))}).then(({ skoposPolicies }) =>
  new PolicyPack("skopos", { policies: skoposPolicies(${JSON.stringify(options)}) }));
`,
  );
  // What Pulumi's release has on PATH for a pack in Node.js.
  const plugin = join(folder, "bin/pulumi-analyzer-policy-nodejs");
  const entry = join(root, "node_modules/@pulumi/pulumi/cmd/run-policy-pack/index.js");
  writeFileSync(plugin, `#!/bin/sh\nexec ${process.execPath} ${entry} "$@"\n`, { mode: 0o755 });
}

beforeAll(async () => {
  stack = await newStack({
    directory: folder,
    kubeconfig: "",
    stack: "dev",
    program: async () => {
      // The provider writes the objects to files instead of asking a cluster.
      pulumi.runtime.registerStackTransformation((args) =>
        args.type === "pulumi:providers:kubernetes"
          ? { props: { ...args.props, renderYamlToDirectory: join(folder, "rendered") }, opts: args.opts }
          : override(args),
      );
      return { ...runStack() };
    },
  });
  await configure(stack, rawStack("dev", {}));
  await stack.setConfig("skopos:grafanaAdminPassword", { value: password, secret: true });
  const dev = loadStack(join(root, "stacks"), "dev");
  writePack({ settings: dev.config.policies, waivers: dev.config.waivers, facts: policyFacts(dev) });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the CLI says to `pulumi preview --policy-pack`, and whether it would go on. */
async function previewWithPack(): Promise<{ readonly passed: boolean; readonly output: string }> {
  let output = "";
  const onOutput = (text: string) => {
    output += text;
  };
  const passed = await stack.preview({ policyPacks: [pack], onOutput, onError: onOutput }).then(
    () => true,
    () => false,
  );
  return { passed, output };
}

/** Changes the inputs of one resource. */
function change(type: string, name: string, edit: (props: any) => void): pulumi.ResourceTransformation {
  return ({ type: each, props, opts }) => {
    if (each !== type || props.metadata?.name !== name) return undefined;
    const edited = { ...props, spec: structuredClone(props.spec) };
    edit(edited);
    return { props: edited, opts };
  };
}

describe("the policy pack, started by the real CLI", () => {
  it("lets the dev stack pass", async () => {
    const { passed, output } = await previewWithPack();
    expect(output).toMatch(/skopos@v1\.0\.0/);
    expect(passed, output).toBe(true);
  });

  it("stops a preview with a privileged container, and names rule, object and fix", async () => {
    override = change("kubernetes:apps/v1:Deployment", "grafana", ({ spec }) => {
      spec.template.spec.containers[0].securityContext.privileged = true;
    });
    const { passed, output } = await previewWithPack();
    override = () => undefined;
    expect(passed).toBe(false);
    expect(output).toMatch(/pods\/privileged: Deployment\/observability\/grafana/);
    expect(output).toContain("privileged: false");
    expect(output).not.toContain(password);
  });
});

/** `pulumi preview --json` of the program as it is now, saved to a file. */
async function savePreview(): Promise<string> {
  const command = stack.workspace.pulumiCommand as unknown as {
    run: (args: readonly string[], ...rest: unknown[]) => Promise<{ readonly stdout: string }>;
  };
  const run = command.run.bind(command);
  const file = join(folder, "preview.json");
  command.run = async (args, ...rest) => {
    const result = await run(args[0] === "preview" ? [...args, "--json"] : args, ...rest);
    if (args[0] === "preview") writeFileSync(file, result.stdout);
    return result;
  };
  try {
    await stack.preview();
  } finally {
    command.run = run;
  }
  return file;
}

describe("skopos diff --preview, of what the real CLI saved", () => {
  beforeAll(async () => {
    expect((await stack.up()).summary.result).toBe("succeeded");
  });

  it("says that nothing changes where nothing does", async () => {
    expect(comparePreview(await savePreview()).stacks.map(({ diff }) => diff.changes)).toEqual([[]]);
  });

  it("names what changes with its risk, as Pulumi does", async () => {
    override = change("kubernetes:apps/v1:Deployment", "grafana", ({ spec }) => {
      spec.revisionHistoryLimit = 3;
    });
    const file = await savePreview();
    override = () => undefined;
    const report = comparePreview(file);
    const changes = report.stacks.flatMap(({ diff }) => diff.changes);
    expect(changes.map((each) => [nameOf(each.id), riskText(each)])).toEqual([
      ["Deployment observability/grafana", "in place"],
    ]);
    const { steps } = JSON.parse(readFileSync(file, "utf8")) as { steps: { op: string; urn: string }[] };
    const changed = steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`);
    expect(changed).toContain("update observability-grafana-deployment-grafana");
    expect(jsonReport(report)).not.toContain(password);
  });
});
