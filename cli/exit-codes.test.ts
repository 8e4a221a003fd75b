// One rule of exit codes for all commands: 1 for a problem in the configuration, 2 for a wrong command line.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "skopos-exit-codes-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "Pulumi.wrong.yaml"), "config:\n  skopos:scale: tiny\n");
const valid = `config:
  skopos:cluster: { name: c, version: "1.35", networkPolicies: false, context: away }
  skopos:retention: ephemeral
  skopos:scale: small
  skopos:availability: single
`;
writeFileSync(join(folder, "Pulumi.dev.yaml"), valid);

const commands = readdirSync("cli/commands").flatMap((file) => /^(\w+)\.ts$/.exec(file)?.[1] ?? []);
const bin = resolve("bin/skopos.mjs");

function skopos(args: readonly string[], path = process.env.PATH) {
  const env = { ...process.env, PATH: path };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

test("the help states the rule", () => {
  expect(commands.length).toBeGreaterThan(8);
  const { status, stdout } = skopos(["--help"]);
  expect(status).toBe(0);
  expect(stdout).toContain("Exit codes of every command:");
  for (const command of commands) expect(stdout).toContain(`  ${command} `);
});

test.each([[], ["nothing"], ["--nothing"]])("2: no command, or an unknown one: %j", (...args) => {
  expect(skopos(args)).toMatchObject({ status: 2, stdout: "" });
});

test.each(commands)("2: an option that %s does not have", (command) => {
  const { status, stdout, stderr } = skopos([command, "--nothing"]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^error: .*option.*\n\(run with --help for usage\)\n$/);
});

const ofStacks = commands.filter((command) => !["explain", "init"].includes(command));

test.each(ofStacks)("2: %s of a stack that does not exist, as JSON too", (command) => {
  const base = command === "diff" ? ["--base", "."] : [];
  const { status, stdout } = skopos([command, "--stack", "prdo", "--json", ...base]);
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toBeTypeOf("object");
});

// `diff` compares: there, 1 means that there are changes.
test.each(ofStacks.filter((command) => command !== "diff"))("1: %s of an invalid stack file", (command) => {
  const { status, stdout, stderr } = skopos([command, "--stack", "wrong"]);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("SKP1004");
});

test("2: grow without a cluster says so in one line, without the log of kubectl", () => {
  // What kubectl 1.32.4 writes to stderr if nothing listens at the address of the server.
  writeFileSync(
    join(folder, "kubectl"),
    `#!/bin/sh
cat >&2 <<'END'
E1130 19:19:13.270461    2110 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list: Get \\"http://127.0.0.1:1/api?timeout=1m0s\\": dial tcp 127.0.0.1:1: connect: connection refused"
E1130 19:19:13.271870    2110 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list: Get \\"http://127.0.0.1:1/api?timeout=1m0s\\": dial tcp 127.0.0.1:1: connect: connection refused"
The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?
END
exit 1
`,
  );
  chmodSync(join(folder, "kubectl"), 0o755);
  expect(skopos(["grow", "--dry-run"], `${folder}${delimiter}${process.env.PATH}`)).toEqual({
    status: 2,
    stdout: "",
    stderr:
      "cannot read the claims: The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?; " +
      '"kubectl --context away get pvc -n observability" must work, or name another context with --context\n',
  });
});
