import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

// Each test renders a stack up to four times: the limit ends a hang, it measures nothing.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "skopos-diff-test-"));
const clone = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `skopos diff` of this tree in a folder. */
function diff(args: readonly string[], cwd = clone, env: Readonly<Record<string, string>> = {}) {
  const done = spawnSync(process.execPath, [join(root, "cli/main.ts"), "diff", ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

const edit = (file: string, from: string | RegExp, to: string) => {
  const path = join(clone, file);
  const text = readFileSync(path, "utf8");
  const edited = text.replace(from, to);
  expect(edited, `${file} does not hold ${from}`).not.toBe(text);
  writeFileSync(path, edited);
};

const restore = () => execFileSync("git", ["checkout", "--quiet", "--", "."], { cwd: clone });

describe("against a revision of this repository", () => {
  beforeAll(() => {
    execFileSync("git", ["clone", "--quiet", "--shared", root, clone]);
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  });

  test("a work tree without changes ends with 0 and says so", () => {
    const { status, stdout, stderr } = diff(["--base", "HEAD", "--stack", "dev"]);
    expect({ status, stderr: stderr.includes("rendering dev") }).toEqual({ status: 0, stderr: true });
    expect(stdout).toContain("no change");
  });

  test("a changed workload is told with its capacity, and ends with 1", () => {
    edit("stacks/Pulumi.dev.yaml", /activeSeries: \w+/, "activeSeries: 40k");
    const { status, stdout } = diff(["--base", "HEAD", "--stack", "dev", "--json"]);
    restore();
    expect(status).toBe(1);
    const { schemaVersion, stacks } = JSON.parse(stdout);
    expect(schemaVersion).toBe(1);
    expect(stacks).toMatchObject([{ stack: "dev", plans: { after: { totals: { series: 40_000 } } } }]);
  });

  test("--fail-on names what the change has, and ends with 2", () => {
    edit("stacks/Pulumi.dev.yaml", /skopos:retention: \w+/, "skopos:retention: { profile: ephemeral, loki: 48h }");
    const longer = diff(["--base", "HEAD", "--stack", "dev", "--fail-on", "data-loss"]);
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-am", "t"], {
      cwd: clone,
    });
    edit("stacks/Pulumi.dev.yaml", "loki: 48h", "loki: 24h");
    const shorter = diff(["--base", "HEAD", "--stack", "dev", "--fail-on", "data-loss"]);
    restore();
    expect(longer.status).toBe(1);
    expect(shorter.status).toBe(2);
    expect(shorter.stderr).toContain("--fail-on names: data-loss");
    expect(shorter.stdout).toMatch(
      /danger\s+retention\s+ConfigMap observability\/loki keeps data for 1d|danger\s+retention/,
    );
  });

  test("a stack that does not render is reported with its error, in every format", () => {
    edit("stacks/Pulumi.dev.yaml", "skopos:scale: small", "skopos:scale: tiny");
    const { status, stdout } = diff(["--base", "HEAD", "--stack", "dev", "--format", "markdown"]);
    const html = diff(["--base", "HEAD", "--stack", "dev", "--format", "html"]).stdout;
    restore();
    expect(status).toBe(2);
    expect(stdout).toContain("**dev failed** (head)");
    expect(stdout).toContain("SKP1004");
    expect(html).toContain('role="alert"');
    expect(stdout + html).not.toContain(folder);
  });

  test("the code of the work tree runs without the variables of this process", () => {
    edit(
      "bin/skopos.mjs",
      /\n/,
      '\nimport { writeFileSync } from "node:fs"; writeFileSync(new URL("../env.json", import.meta.url), JSON.stringify(process.env));\n',
    );
    diff(["--base", "HEAD", "--stack", "dev"], clone, {
      GITHUB_TOKEN: "planted",
      PULUMI_ACCESS_TOKEN: "planted",
      AWS_SECRET_ACCESS_KEY: "planted",
    });
    const seen = readFileSync(join(clone, "env.json"), "utf8");
    restore();
    rmSync(join(clone, "env.json"));
    expect(JSON.parse(seen)).toHaveProperty("PATH");
    expect(seen).not.toContain("planted");
  });

  test("policies are those of each side's stack file", () => {
    const waiver =
      '{ rule: pods/privileged, object: Pod/none/none, owner: t, reason: It is only for this test., expires: "2999-01-01" }';
    edit("stacks/Pulumi.dev.yaml", / {2}skopos:waivers:\n|$/, `  skopos:waivers:\n    - ${waiver}\n`);
    const unused = diff(["--base", "HEAD", "--stack", "dev"]);
    const required = diff(["--base", "HEAD", "--stack", "dev", "--fail-on", "policy"]);
    restore();
    edit("stacks/Pulumi.dev.yaml", /$/, "  skopos:policies: { pods/nothing: off }\n");
    const wrong = diff(["--base", "HEAD", "--stack", "dev"]);
    restore();
    expect(unused).toMatchObject({ status: 1, stdout: expect.stringContaining("policies: 1 new, 0 fixed") });
    expect(unused.stdout).toContain("+ error waivers/unused (settings): the waiver of pods/privileged");
    expect(required.status).toBe(2);
    expect(wrong).toMatchObject({ status: 2, stdout: expect.stringContaining("pods/nothing: there is no such rule") });
  });

  test("nothing of it stays behind", () => {
    const temporary = () => readdirSync(tmpdir()).filter((name) => /^skopos-diff-(?!test-)/.test(name));
    const before = temporary();
    diff(["--base", "HEAD", "--stack", "dev"]);
    expect(temporary().filter((name) => !before.includes(name))).toEqual([]);
    expect(execFileSync("git", ["worktree", "list"], { cwd: clone, encoding: "utf8" }).trim().split("\n")).toHaveLength(
      1,
    );
  });

  test.each([
    [["--base", "no-such-branch"], 'no Git revision "no-such-branch"'],
    [[], "add --base REF"],
    [["--preview", "missing.json"], "save it with: pulumi preview --json"],
    [["--base", "stacks"], "stacks is a folder, and no other folder is named"],
    [["--base", "HEAD", "--format", "pdf"], "Allowed choices are text, json"],
    [["--base", "HEAD", "--fail-on", "rain"], "Allowed choices are data-loss"],
    [["--base", "HEAD", "--kubernetes", "latest"], "It is written 1.36."],
  ])("diff %j ends with one clear error", (args, message) => {
    const { status, stdout, stderr } = diff(args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
  });
});

describe("between two folders of anyone's manifests", () => {
  const [before, after] = [join(folder, "before"), join(folder, "after")];
  beforeAll(() => {
    for (const each of [before, after]) mkdirSync(each);
    writeFileSync(
      join(before, "all.yaml"),
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}, spec: {type: ClusterIP}}\n",
    );
    writeFileSync(
      join(after, "a.yaml"),
      "# Source: chart/templates/a.yaml\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: n}\nspec: {type: NodePort}\n---\n",
    );
  });

  test("objects are recognised wherever they stand", () => {
    const { status, stdout } = diff(["--base", before, after, "--no-policies"], folder);
    expect(status).toBe(1);
    expect(stdout).toContain("danger  network    Service n/a is reachable from outside the cluster (NodePort)");
  });

  test("a file that is not YAML is told with its line, and ends with 2", () => {
    writeFileSync(join(after, "broken.yaml"), "a: [\n");
    const { status, stderr } = diff(["--base", before, after], folder);
    rmSync(join(after, "broken.yaml"));
    expect(status).toBe(2);
    expect(stderr).toMatch(/broken\.yaml:\d+: /);
  });
});
