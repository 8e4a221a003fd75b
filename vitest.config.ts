import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { tiers } from "./test/tiers.ts";

// One vitest project a tier: test/tiers.ts says which files belong to which.
export default defineConfig({
  test: {
    reporters: ["default"],
    projects: tiers.map((tier) => ({
      // Packages of this repository as they are written: see tsconfig.json. Not "module": Node does not load @opentelemetry/api so.
      ssr: { resolve: { conditions: ["skopos-source", "node", "import"] } },
      test: {
        name: tier.name,
        include: [...tier.include],
        exclude: ["**/node_modules/**", "**/dist/**", ...tier.exclude],
        testTimeout: tier.timeoutMs,
        hookTimeout: tier.timeoutMs,
        maxWorkers: Math.max(1, Math.ceil(tier.filesPerCore * availableParallelism())),
        setupFiles: ["./test/setup.ts"],
        pool: "forks",
      },
    })),
  },
});
