import fc from "fast-check";
import { expect, test } from "vitest";
import { MiB, workloads } from "../../lib/sizing/index.ts";
import { sizeGrafana } from "./sizing.ts";

const redundant = { availability: "redundant", sharedDatabase: true } as const;

test("runs two replicas with a shared database, and one with a volume without", () => {
  const workload = workloads.medium;
  expect(sizeGrafana({ workload, ...redundant }).grafana).toMatchObject({ replicas: 2 });
  expect(sizeGrafana({ workload, ...redundant }).grafana.diskBytes).toBeUndefined();
  const alone = sizeGrafana({ workload, availability: "redundant", sharedDatabase: false }).grafana;
  expect(alone).toMatchObject({ replicas: 1, diskBytes: 1024 * MiB });
  expect(sizeGrafana({ workload, availability: "single", sharedDatabase: true }).grafana.replicas).toBe(1);
});

test("the dev stack's Grafana is small", () => {
  const workload = { ...workloads.small, queriesPerSecond: 1 };
  const { cpuCores, memoryBytes } = sizeGrafana({ workload, availability: "single", sharedDatabase: false }).grafana;
  expect(cpuCores).toBeLessThanOrEqual(0.1);
  expect(memoryBytes).toBeLessThanOrEqual(300 * MiB);
});

test("more queries never mean less capacity, and every number has a reason", () => {
  const queries = fc.integer({ min: 0, max: 5_000 });
  fc.assert(
    fc.property(queries, queries, fc.boolean(), (a, b, sharedDatabase) => {
      const of = (queriesPerSecond: number) =>
        sizeGrafana({ workload: { ...workloads.small, queriesPerSecond }, availability: "redundant", sharedDatabase })
          .grafana;
      const [less, more] = [of(Math.min(a, b)), of(Math.max(a, b))];
      expect(more.cpuCores).toBeGreaterThanOrEqual(less.cpuCores);
      expect(more.memoryBytes).toBeGreaterThanOrEqual(less.memoryBytes);
      const { reasons, ...numbers } = more;
      expect(Object.keys(reasons).sort()).toEqual(Object.keys(numbers).sort());
    }),
  );
});
