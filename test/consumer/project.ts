import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs a program and returns what it printed; throws with all its output when it fails. */
export const run = async (command: string, args: readonly string[], cwd: string): Promise<string> => {
  try {
    return (await promisify(execFile)(command, args, { cwd, maxBuffer: 1 << 26 })).stdout;
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
  "@pulumi/policy",
  "@pulumi/pulumi",
  "cdk8s",
  "cdk8s-plus-28",
  "constructs",
  "typescript",
  "@types/node",
];

/** Packs a workspace, the root where none is named. */
const pack = async (project: string, ...workspace: readonly string[]): Promise<string> => {
  const [{ filename }] = JSON.parse(
    await run("npm", ["pack", "--json", "--pack-destination", project, ...workspace], "."),
  );
  return `file:${join(project, filename)}`;
};

/**
 * Makes an empty folder a consumer's project: the packed tarball installed beside the peers it asks for.
 * @param files programs of `programs/` that are copied into it.
 */
export async function makeProject(project: string, files: readonly string[]): Promise<void> {
  await run("npm", ["run", "build"], ".");
  await run("npm", ["run", "build", "-w", "metrics"], ".");
  const dependencies = {
    ...Object.fromEntries(shared.map((name) => [name, devDependencies[name]])),
    skopos: await pack(project),
    "@skopos/metrics": await pack(project, "-w", "metrics"),
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
  for (const file of files) copyFileSync(join("test/consumer/programs", file), join(project, file));
  await run("npm", ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], project);
}
