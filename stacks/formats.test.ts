import { describe, expect, test } from "vitest";
import {
  cluster,
  external,
  least,
  mail,
  outOfRange,
  plainSecrets,
  receiver,
  secret,
  store,
  wrongFormats,
} from "../test/support/rejected-stacks.ts";
import { ConfigurationError, type Problem } from "./problem.ts";
import { resolve } from "./resolve.ts";

function problemsOf(config: object): readonly Problem[] {
  try {
    resolve({ ...least, ...config }, { stack: "s" });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe("rejects text in the wrong format", () => {
  test.each(wrongFormats)("%o", (config, path) => {
    expect(problemsOf(config).map((problem) => [problem.code, problem.path])).toEqual([["SKP1012", `skopos:${path}`]]);
  });

  test("rejects an unknown source registry, an empty list of severities and an invalid port", () => {
    expect(problemsOf({ images: { registries: { docker: "mirror" } } })).toHaveLength(1);
    expect(problemsOf(receiver({ severities: [] }))).toHaveLength(1);
    expect(problemsOf(mail({ host: "smtp", port: 0 })).map(({ code }) => code)).toEqual(["SKP1011"]);
  });
});

test("what is in the right format is accepted", () => {
  for (const config of [
    external("http://loki:3100/base/"),
    external("https://[fd00::1]:3100"),
    store({ endpoint: "minio.storage.svc:9000" }),
    store({ endpoint: "10.0.0.7" }),
    store({ endpoint: "[fd00::7]:9000" }),
    cluster({ nodeCidrs: ["10.0.0.0/8", "fd00::/64"], zones: ["a", "b", "c"] }),
    cluster({ name: "arn:aws:eks:eu-central-1:123456789012:cluster/prod" }),
    mail({ host: "smtp.example.com", port: 587 }),
  ]) {
    expect(problemsOf(config)).toEqual([]);
  }
});

describe("rejects a number out of range and suggests the nearest valid one", () => {
  test.each(outOfRange)("%o", (config, fix) => {
    const [problem, ...others] = problemsOf(config);
    expect([problem?.code, others]).toEqual(["SKP1011", []]);
    expect(problem?.fix).toContain(fix);
  });
});

describe("a value that looks like a secret is not repeated", () => {
  test.each(plainSecrets)("%o", (config, code) => {
    const problems = problemsOf(config);
    expect(problems.map((problem) => problem.code)).toContain(code);
    expect(JSON.stringify(problems)).not.toContain("Sup3r");
  });

  test("the message names the place and the form of a reference", () => {
    expect(problemsOf({ components: { grafana: { encryptionKey: secret } } })).toEqual([
      {
        code: "SKP1010",
        path: "skopos:components.grafana.encryptionKey",
        message: "is a secret in plain text",
        fix: "skopos:components:\n  grafana:\n    encryptionKey: {secret: name-of-the-secret, key: key-in-it}",
      },
    ]);
  });

  test("a path to a kubeconfig is no secret, and secure values are accepted", () => {
    expect(problemsOf(cluster({ kubeconfig: "~/.kube/config" }))).toEqual([]);
    expect(
      problemsOf({ ...cluster({ kubeconfig: { secure: "v1" } }), grafanaAdminPassword: { secure: "v1" } }),
    ).toEqual([]);
  });
});

test("a size with an unknown unit is not corrected to another size", () => {
  const [problem] = problemsOf({ workload: { logsPerDay: "10G" } });
  expect(problem?.fix).toBe("# write a size in bytes, such as 512MiB, 10GiB, 2TiB");
});
