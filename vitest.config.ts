import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { tiers } from "./test/tiers.ts";

// One vitest project a tier: test/tiers.ts says which files belong to which.
export default defineConfig({
  test: {
    reporters: ["default"],
    // vitest itself leaves a core free: of two, half the machine.
    maxWorkers: availableParallelism(),
    projects: tiers.map((tier) => ({
      test: {
        name: tier.name,
        include: [...tier.include],
        exclude: ["**/node_modules/**", "**/dist/**", ...tier.exclude],
        testTimeout: tier.timeoutMs,
        hookTimeout: tier.timeoutMs,
        fileParallelism: tier.parallel,
        setupFiles: ["./test/setup.ts"],
        pool: "forks",
      },
    })),
  },
});
