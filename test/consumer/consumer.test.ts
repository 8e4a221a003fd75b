import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const project = mkdtempSync(join(tmpdir(), "skopos-consumer-"));
afterAll(() => rmSync(project, { recursive: true }));

const run = (command: string, args: readonly string[], cwd: string): string => {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  }
};

/** Versions that our own lockfile holds: what a consumer would get, and what npm has in its cache already. */
const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  devDependencies: Record<string, string>;
};
const shared = [
  "@pulumi/kubernetes",
  "@pulumi/pulumi",
  "cdk8s",
  "cdk8s-plus-28",
  "constructs",
  "typescript",
  "@types/node",
];

const pack = (workspace: readonly string[]): string => {
  const [{ filename }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", project, ...workspace], "."));
  return `file:${join(project, filename)}`;
};

beforeAll(() => {
  run("npm", ["run", "build"], ".");
  const dependencies = {
    ...Object.fromEntries(shared.map((name) => [name, devDependencies[name]])),
    skopos: pack([]),
  };
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", type: "module", dependencies }));
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2024",
        module: "nodenext",
        strict: true,
        noEmit: true,
        types: ["node"],
        lib: ["es2024", "esnext.disposable"],
      },
      include: ["*.ts"],
    }),
  );
  for (const file of ["pulumi-program.ts", "cdk8s-app.ts"])
    copyFileSync(join("test/consumer", file), join(project, file));
  run("npm", ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], project);
}, 300_000);

describe("an empty project that installs the packed tarball", () => {
  test("type-checks a Pulumi program and a cdk8s app against the published declarations", () => {
    expect(run(process.execPath, ["node_modules/typescript/bin/tsc"], project)).toBe("");
  });

  test("runs the Pulumi program", () => {
    const types = run(process.execPath, ["pulumi-program.ts"], project).trim().split("\n");
    expect(types).toContain("skopos:index:OtelGateway");
    expect(types).toContain("kubernetes:apps/v1:StatefulSet");
  });

  test("runs the cdk8s app", () => {
    const documents = parseAllDocuments(run(process.execPath, ["cdk8s-app.ts"], project));
    const kinds = documents.map((document) => (document.toJS() as { kind: string }).kind);
    expect(kinds).toEqual(expect.arrayContaining(["StatefulSet", "DaemonSet", "ServiceMonitor"]));
  });

  test("has the skopos command", () => {
    expect(run(process.execPath, ["node_modules/skopos/bin/skopos.mjs", "explain", "SKP1203"], project)).toContain(
      "SKP1203",
    );
  });
});
