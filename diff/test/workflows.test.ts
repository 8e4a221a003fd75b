// The ready-made workflow files: their scripts run here as they stand, against hostile input.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";

vi.setConfig({ testTimeout: 600_000 });

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "skopos-workflows-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A step of a GitHub workflow. */
interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly on: object;
  readonly jobs: Readonly<Record<string, { readonly env?: object; readonly steps: readonly Step[] }>>;
}
const workflow = (name: string) => parse(readFileSync(join(root, ".github/workflows", name), "utf8")) as Workflow;
const comment = workflow("diff-comment.yaml");
const stepNamed = (name: string): Step => comment.jobs.comment!.steps.find((step) => step.name === name)!;

describe("the workflows of GitHub", () => {
  test("a workflow that runs a pull request's code may only read, and keeps no token", () => {
    const ci = workflow("ci.yaml");
    expect(ci.permissions).toEqual({ contents: "read" });
    expect(JSON.stringify(ci)).not.toMatch(/secrets\.|github\.token|pull_request_target/);
    const checkouts = Object.values(ci.jobs).flatMap(({ steps }) =>
      steps.filter((step) => step.with && "persist-credentials" in step.with),
    );
    expect(checkouts.length).toBeGreaterThan(2);
    expect(checkouts.every((step) => step.with?.["persist-credentials"] === false)).toBe(true);
  });

  test("the one that may write comments checks out nothing of the pull request, and gives its token to three steps", () => {
    const { steps, env } = comment.jobs.comment!;
    expect(Object.keys(comment.on)).toEqual(["workflow_run"]);
    expect(steps.flatMap((step) => Object.keys(step.with ?? {}))).not.toContain("ref");
    expect(JSON.stringify(env)).not.toContain("token");
    // Values of the event are taken from variables: inside a script they would be code.
    for (const { run = "" } of steps) expect(run).not.toContain("${{");
    expect(steps.filter((step) => step.env?.GH_TOKEN).map(({ name }) => name)).toEqual([
      "Find the pull request that this commit is the head of",
      "Fetch what was rendered",
      "Write the comment, or renew the one that is there",
    ]);
  });

  /** Runs the step that compares, over an artifact. */
  function compare(name: string, artifact: (rendered: string) => void): string {
    const temporary = join(folder, name);
    const rendered = join(temporary, "rendered");
    mkdirSync(join(temporary, "report"), { recursive: true });
    mkdirSync(rendered);
    artifact(rendered);
    spawnSync("bash", ["-e", "-c", stepNamed("Compare").run!], {
      cwd: root,
      env: { PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`, HOME: temporary, RUNNER_TEMP: temporary },
    });
    return readFileSync(join(temporary, "report/comment.md"), "utf8");
  }
  const map = (value: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: n }\ndata: { a: "${value}" }\n`;
  const sides = (rendered: string, head = map("2")) => {
    for (const [side, text] of [
      ["base", map("1")],
      ["head", head],
    ] as const) {
      mkdirSync(join(rendered, side));
      writeFileSync(join(rendered, side, "a.yaml"), text);
    }
  };

  test("the comment is the report, whatever else the artifact brings", () => {
    const text = compare("extra", (rendered) => {
      sides(rendered);
      writeFileSync(join(rendered, "comment.md"), "merge me");
    });
    expect(text).toMatch(/^<!-- skopos diff -->\n/);
    expect(text).toContain("ConfigMap n/a");
    expect(text).not.toContain("merge me");
  });

  test("manifests that cannot be read give a comment with the error", () => {
    expect(compare("broken", (rendered) => sides(rendered, "a: [\n"))).toMatch(/failed[\s\S]*not YAML/);
  });

  test("a side that did not render gives its error, as code", () => {
    const text = compare("failed", (rendered) => {
      mkdirSync(join(rendered, "base"));
      writeFileSync(join(rendered, "base", "a.yaml"), map("1"));
      writeFileSync(join(rendered, "head.log"), "SKP1004: no\n```\n@everyone\n");
    });
    expect(text).toContain("Rendering head failed:\n\n    SKP1004: no\n    ```\n    @everyone\n");
  });

  test("a link in the artifact is removed before anything reads it", () => {
    const temporary = join(folder, "links");
    mkdirSync(temporary, { recursive: true });
    writeFileSync(join(temporary, "secret"), "planted");
    const bin = join(temporary, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "gh"), '#!/bin/sh\nln -s "$RUNNER_TEMP/secret" "$RUNNER_TEMP/rendered/head.log"\n', {
      mode: 0o755,
    });
    spawnSync("bash", ["-e", "-c", stepNamed("Fetch what was rendered").run!], {
      env: { PATH: `${bin}:${process.env.PATH}`, RUNNER_TEMP: temporary, RUN_ID: "1" },
    });
    expect(existsSync(join(temporary, "rendered"))).toBe(true);
    expect(existsSync(join(temporary, "rendered/head.log"))).toBe(false);
  });
});

describe("the pipeline of GitLab", () => {
  test("writes the page, and the merge request's code sees no variable and no remote", () => {
    const clone = join(folder, "clone");
    const job = (
      parse(readFileSync(join(root, ".gitlab/skopos-diff.yml"), "utf8")) as Record<
        string,
        { readonly script: string[] }
      >
    )["skopos-diff"]!;
    execFileSync("git", ["clone", "--quiet", "--shared", root, clone]);
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    const stack = join(clone, "stacks/Pulumi.dev.yaml");
    writeFileSync(stack, readFileSync(stack, "utf8").replace(/activeSeries: \w+/, "activeSeries: 40k"));
    const main = join(clone, "bin/skopos.mjs");
    const spy = `import { appendFileSync } from "node:fs"; import { execFileSync } from "node:child_process";
appendFileSync(${JSON.stringify(join(folder, "seen"))}, JSON.stringify(process.env) + execFileSync("git", ["remote", "-v"], { cwd: import.meta.dirname }));\n`;
    writeFileSync(main, readFileSync(main, "utf8").replace(/\n/, `\n${spy}`));
    // The packages are there already, and npx finds the project's own command.
    const script = job.script.map((line) =>
      line.startsWith("alone npm ci") ? "true" : line.replace("npx skopos", "node bin/skopos.mjs"),
    );
    expect(script.filter((line, index) => line !== job.script[index])).toHaveLength(2);
    const done = spawnSync("bash", ["-e", "-c", script.join("\n")], {
      cwd: clone,
      encoding: "utf8",
      env: { ...process.env, CI_MERGE_REQUEST_DIFF_BASE_SHA: "HEAD", CI_JOB_TOKEN: "planted", DEPLOY_KEY: "planted" },
    });
    expect(done.status, done.stderr).toBe(0);
    expect(readFileSync(join(clone, "diff.html"), "utf8")).toContain("40");
    const seen = readFileSync(join(folder, "seen"), "utf8");
    expect(seen).toContain("PATH");
    expect(seen).not.toMatch(/planted|origin/);
  });
});
