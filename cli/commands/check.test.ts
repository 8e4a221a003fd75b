import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { reportSchema } from "../../policies/reporters/index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bin = resolve("bin/skopos.mjs");

function check(args: readonly string[], input = "") {
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "check", ...args], {
    encoding: "utf8",
    input,
    env,
  });
  return { status, stdout, stderr };
}

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: x
spec:
  automountServiceAccountToken: false
  containers:
    - name: main
      image: example.com/x:1
      securityContext: { privileged: true }
`;
const file = join(folder, "pod.yaml");
writeFileSync(file, pod);

describe("exit status", () => {
  test("0: a stack with nothing but waived findings; the report lists them", () => {
    const { status, stdout } = check(["--stack", "dev"]);
    expect(status).toBe(0);
    expect(stdout).toContain("waived");
    expect(stdout).toMatch(/0 errors, 0 warnings/);
  });

  test("1: findings, with file, line and fix; from a file and from standard input", () => {
    const fromFile = check([file]);
    expect(fromFile.status).toBe(1);
    expect(fromFile.stdout).toContain(`pod.yaml:10`);
    expect(fromFile.stdout).toContain("privileged: false");
    expect(check(["-"], pod).status).toBe(1);
  });

  test("0: only information", () => {
    expect(check([file, "--rule", "pods/image-digest"]).status).toBe(0);
  });

  test.each([
    ["nothing to check", []],
    ["a stack and a path", ["--stack", "dev", "x"]],
    ["a stack and a settings file", ["--stack", "dev", "--config", "x.yaml"]],
    ["a stack that does not exist", ["--stack", "nowhere"]],
    ["a file that does not exist", ["nowhere.yaml"]],
    ["a rule that does not exist", ["--rule", "pods/nothing", file]],
    ["settings that do not exist", ["--config", "nowhere.yaml", file]],
  ])("2: %s, without a stack trace", (_, args) => {
    const { status, stdout, stderr } = check(args);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toMatch(/\n\s+at /);
    const json = check([...args, "--json"]);
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout).ok).toBe(false);
  });

  test.each([["--format", "xml"], ["--nothing"], ["--rule"]])("2: a command line that is wrong: %s %s", (...args) => {
    expect(check([...args, file])).toMatchObject(args[0] === "--rule" ? { status: 2 } : { status: 2, stdout: "" });
  });

  test("0: help", () => {
    expect(check(["--help"]).status).toBe(0);
  });

  test("2: YAML that cannot be read names file and line", () => {
    const bad = join(folder, "bad.yaml");
    writeFileSync(bad, "a: 1\na: 2\n");
    const { status, stderr } = check([bad]);
    expect(status).toBe(2);
    expect(stderr).toContain("bad.yaml:2: a key appears twice in one mapping");
  });
});

test("--json follows the published schema", () => {
  const { stdout } = check([file, "--json"]);
  expect(reportSchema.safeParse(JSON.parse(stdout)).error?.issues).toBeUndefined();
});

test("settings, waivers and facts come from --config", () => {
  const config = join(folder, "policies.yaml");
  const waiver =
    "{rule: pods/privileged, object: Pod/default/x, container: main, owner: me, reason: It is only a test., expires: '2999-01-01'}";
  writeFileSync(config, `waivers: [${waiver}]\nrules: {pods/image-digest: {severity: error}}\n`);
  expect(check([file, "--rule", "pods/privileged", "--config", config]).status).toBe(0);
  expect(check([file, "--rule", "pods/image-digest", "--config", config]).status).toBe(1);
  writeFileSync(config, "rules: {pods/gomemlimit: {mostPercent: many}}\n");
  expect(check([file, "--config", config])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("pods/gomemlimit.mostPercent"),
  });
});

test("files that are no objects are named on standard error", () => {
  mkdirSync(join(folder, "chart"));
  writeFileSync(join(folder, "chart", "values.yaml"), "replicas: 1\n");
  writeFileSync(join(folder, "chart", "pod.yaml"), pod);
  expect(check([join(folder, "chart"), "--json"]).stderr).toContain("values.yaml");
});
