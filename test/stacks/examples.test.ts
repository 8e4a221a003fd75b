// The example stacks: each can be deployed as it is, once its prerequisites exist.
import { describe, expect, test } from "vitest";
import { manifestsOf } from "../../cli/manifests.ts";
import { checkStack } from "../../cli/policy-check.ts";
import { stackNames } from "../../stacks/load.ts";
import { prerequisites } from "../../stacks/prerequisites.ts";
import { loadStack } from "../../stacks/stack.ts";

const names = stackNames("examples");

test("there is one for each kind of cluster", () =>
  expect(names).toEqual(["aks", "eks-alb", "gke-gateway", "k3s-minio", "kubeadm", "openshift"]));

describe.each(names)("%s", (name) => {
  const stack = loadStack("examples", name);

  test("renders", () => expect(manifestsOf(stack).length).toBeGreaterThan(100));

  test("names the buckets and the password as prerequisites", () => {
    const needed = prerequisites(stack)
      .map(({ what }) => what)
      .join("\n");
    expect(needed).toMatch(/bucket .*mimir-blocks/);
    expect(needed).toMatch(/Secret grafana-admin|password of the Grafana administrator/);
  });

  test("has no policy error", () => {
    const { findings } = checkStack(stack);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});
