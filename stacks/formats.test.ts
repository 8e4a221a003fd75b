import { describe, expect, test } from "vitest";
import { ConfigurationError, type Problem } from "./problem.ts";
import { resolve } from "./resolve.ts";

const least = {
  cluster: { name: "c", version: "1.35", networkPolicies: false, context: "c" },
  retention: "standard",
  scale: "small",
  objectStorage: { kind: "s3", endpoint: "s3.example.com", region: "eu", identity: { role: "r" } },
};

function problemsOf(config: object): readonly Problem[] {
  try {
    resolve({ ...least, ...config }, { stack: "s" });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

const external = (url: string) => ({ components: { loki: { external: { url } } } });
const cluster = (more: object) => ({ cluster: { ...least.cluster, ...more } });
const store = (more: object) => ({ objectStorage: { ...least.objectStorage, ...more } });
const receiver = (more: object) => ({
  alerts: { receivers: [{ kind: "webhook", name: "team", url: { secret: "s", key: "k" }, ...more }] },
});
const mail = (server: object) => ({
  alerts: { receivers: [{ kind: "email", name: "m", to: "a@b.example", from: "c@d.example", server }] },
});

describe("rejects text in the wrong format", () => {
  test.each([
    [external("loki:3100"), "components.loki.external.url"],
    [external("loki.example.com"), "components.loki.external.url"],
    [external("ftp://loki.example.com"), "components.loki.external.url"],
    [external("https://user:pass@loki.example.com"), "components.loki.external.url"],
    [external("https://loki.example.com?tenant=a"), "components.loki.external.url"],
    [store({ endpoint: "https://s3.example.com" }), "objectStorage.endpoint"],
    [store({ endpoint: "s3.example.com/bucket" }), "objectStorage.endpoint"],
    [store({ endpoint: "s3.example.com:99999" }), "objectStorage.endpoint"],
    [store({ prefix: "Prod_" }), "objectStorage.prefix"],
    [{ components: { grafana: { host: "https://g" } } }, "components.grafana.host"],
    [{ components: { grafana: { host: "g.example.com/sub" } } }, "components.grafana.host"],
    [cluster({ nodeCidrs: ["10.0.0.0/99"] }), "cluster.nodeCidrs.0"],
    [cluster({ nodeCidrs: ["fd00::/129"] }), "cluster.nodeCidrs.0"],
    [cluster({ nodeCidrs: ["10.0.0/8"] }), "cluster.nodeCidrs.0"],
    [cluster({ name: "a,b=c" }), "cluster.name"],
    [cluster({ zones: ["a", "a", "b"] }), "cluster.zones.1"],
    [cluster({ storageClass: "Fast SSD" }), "cluster.storageClass"],
    [{ namespaces: { stack: "Observability" } }, "namespaces.stack"],
    [{ images: { registries: { "docker.io": "https://mirror" } } }, "images.registries.docker.io"],
    [receiver({ labels: { "my team": "a" } }), "alerts.receivers.0.labels.my team"],
    [mail({ host: "smtp:587", port: 587 }), "alerts.receivers.0.server.host"],
    [{ components: { mimir: { tenant: "team/a" } } }, "components.mimir.tenant"],
    [{ components: { traces: { kafka: { address: "kafka://k:9092" } } } }, "components.traces.kafka.address"],
    [{ components: { otelAgent: { nodeSelector: { "a b": "c" } } } }, "components.otelAgent.nodeSelector.a b"],
  ])("%o", (config, path) => {
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
  test.each([
    [{ workload: { scrapeInterval: "10m" } }, "scrapeInterval: 2m"],
    [{ workload: { nodes: 0 } }, "nodes: 1"],
    [{ workload: { activeSeries: "9".repeat(400) } }, "activeSeries: 10G"],
    [{ workload: { spansPerTrace: 0 } }, "spansPerTrace: 1"],
    [{ components: { otelGateway: { tailSampling: { keepPercent: 101 } } } }, "keepPercent: 100"],
    [{ components: { otelGateway: { replicas: 0 } } }, "replicas: 1"],
  ])("%o", (config, fix) => {
    const [problem, ...others] = problemsOf(config);
    expect([problem?.code, others]).toEqual(["SKP1011", []]);
    expect(problem?.fix).toContain(fix);
  });
});

describe("a value that looks like a secret is not repeated", () => {
  const secret = "xoxb-1234567890-Sup3rS3cr3tT0ken";
  const slack = { kind: "slack", name: "s", channel: "#a" };
  test.each([
    [{ alerts: { receivers: [{ ...slack, webhookUrl: `https://hooks.slack.com/services/${secret}` }] } }, "SKP1010"],
    [store({ credentials: { accessKeyId: secret, secretAccessKey: { secret: "s", key: "k" } } }), "SKP1010"],
    [{ components: { grafana: { encryptionKey: secret } } }, "SKP1010"],
    [{ components: { grafana: { adminSecret: { name: secret } } } }, "SKP1012"],
    [{ grafanaAdminPassword: secret }, "SKP1010"],
    [cluster({ kubeconfig: `apiVersion: v1\nusers: [{token: ${secret}}]` }), "SKP1010"],
    [external(`https://user:${secret}@loki.example.com`), "SKP1012"],
    [{ scale: secret }, "SKP1004"],
    [{ workload: { nodes: secret } }, "SKP1002"],
    [{ alerts: { receivers: [{ kind: secret }] } }, "SKP1004"],
    [{ availability: [secret] }, "SKP1004"],
  ])("%o", (config, code) => {
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
        fix: "skopos:components:\n  grafana:\n    encryptionKey: {secret: NAME, key: KEY}",
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
  expect(problem?.fix).toBe("skopos:workload:\n  logsPerDay: ... # such as 512MiB, 10GiB, 2TiB");
});
