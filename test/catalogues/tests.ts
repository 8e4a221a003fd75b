// Programs whose tests provoke most of what they can count are recorded there: what the tests find is collected.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Expositions } from "./exposition.ts";
import { harvestVariable } from "./harvest.ts";

const root = join(import.meta.dirname, "../..");

const files = [
  "components/loki/loki.data-plane.test.ts",
  "components/mimir/mimir.data-plane.test.ts",
  "components/traces/traces.data-plane.test.ts",
  "test/data-plane/collector-dashboards.data-plane.test.ts",
];

/** Runs those tests and returns what their programs exposed. */
export async function exposeTests(): Promise<Expositions> {
  const folder = mkdtempSync(join(tmpdir(), "skopos-harvest-"));
  try {
    execFileSync("npx", ["vitest", "run", "--project", "data-plane", ...files], {
      cwd: root,
      env: { ...process.env, [harvestVariable]: folder },
      stdio: ["ignore", 2, 2],
    });
    const texts = (program: string) =>
      readdirSync(join(folder, program)).map((file) => readFileSync(join(folder, program, file), "utf8"));
    return Object.fromEntries(readdirSync(folder).map((program) => [program, texts(program)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
