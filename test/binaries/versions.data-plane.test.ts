import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { isBuilt } from "./cache.ts";
import { type Program, programs, testedVersion } from "./catalogue.ts";
import { programPath } from "./find.ts";

/** How a program is asked for its version, where that is not `--version`. */
const question: Readonly<Record<string, readonly string[]>> = {
  kubectl: ["version", "--client"],
  pulumi: ["version"],
  jaeger: ["version"],
  "kube-state-metrics": ["version"],
  mimir: ["-version"],
  loki: ["-version"],
  coredns: ["-version"],
  "containerd-shim-runc-v2": ["-v"],
};

/** Programs that have no version of their own, and what their help says instead. */
const speechless: Readonly<Record<string, RegExp>> = {
  "prometheus-config": /-prometheus string/,
  "pulumi-resource-kubernetes": /-tracing/,
  // It takes a configuration file, and nothing else.
  registry: /open --help: no such file/,
};

/** What a program must say: the version stamped in (the linker ignores a variable that is gone), or its module's. */
function reported(program: Program): RegExp {
  const version = testedVersion(program);
  // A commit between two versions: the program does not know which.
  if (/-0\.\d{14}-/.test(version)) return /version/;
  return new RegExp(`\\bv?${version.replaceAll(".", "\\.")}\\b`);
}

describe.each(programs.map((program) => [program.name, program] as const))("%s", (name, program) => {
  test.for(Object.keys(program.binaries))("%s starts and knows its version", (binary, context) => {
    if (!isBuilt(program)) context.skip(`not built: npm run binaries -- ${name}`);
    const silent = speechless[binary];
    const asked = spawnSync(programPath(binary)!, silent ? ["--help"] : (question[binary] ?? ["--version"]), {
      encoding: "utf8",
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    expect(asked.status).toBe(binary === "registry" ? 1 : 0);
    expect(asked.stdout + asked.stderr).toMatch(silent ?? reported(program));
  });
});
