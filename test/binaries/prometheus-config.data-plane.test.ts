import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { operatorCrds } from "./crds.ts";
import { programPath } from "./find.ts";

const scratch = mkdtempSync(join(tmpdir(), "skopos-prometheus-config-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const api = "monitoring.coreos.com/v1";
const release = { release: "kube-prometheus-stack" };
const namespaces = { apiVersion: "v1", kind: "Namespace", metadata: { name: "apps", labels: { team: "shop" } } };

const prometheus = (spec: object = {}, name = "main") => ({
  apiVersion: api,
  kind: "Prometheus",
  metadata: { name, namespace: "observability" },
  spec: { serviceMonitorSelector: { matchLabels: release }, serviceMonitorNamespaceSelector: {}, ...spec },
});

const serviceMonitor = (name: string, labels: object, endpoint: object = {}, namespace = "apps") => ({
  apiVersion: api,
  kind: "ServiceMonitor",
  metadata: { name, namespace, labels },
  spec: { selector: { matchLabels: { app: name } }, endpoints: [{ port: "metrics", ...endpoint }] },
});

/** Runs the program on manifests that it reads from standard input. */
function generate(objects: readonly object[], ...args: readonly string[]) {
  const input = objects.map((object) => stringify(object)).join("---\n");
  const { status, stdout, stderr } = spawnSync(programPath("prometheus-config")!, args, { input, encoding: "utf8" });
  return { status, stdout, stderr, jobs: () => jobNames(stdout) };
}

const jobNames = (configuration: string): readonly string[] =>
  (parse(configuration).scrape_configs as { job_name: string }[]).map((scrape) => scrape.job_name);

describe("prometheus-config", () => {
  test("prints a valid configuration of Prometheus, with the defaults of the CRD", () => {
    const { stdout, stderr } = generate([prometheus(), serviceMonitor("shop", release, { interval: "15s" })]);
    expect(stderr).toBe("");
    const file = join(scratch, "prometheus.yaml");
    writeFileSync(file, stdout);
    const checked = spawnSync(programPath("promtool")!, ["check", "config", "--syntax-only", file], {
      encoding: "utf8",
    });
    expect(checked.stderr + checked.stdout).toMatch(/SUCCESS/);
    expect(parse(stdout)).toMatchObject({
      global: { scrape_interval: "30s", evaluation_interval: "30s" },
      scrape_configs: [{ job_name: "serviceMonitor/apps/shop/0", scrape_interval: "15s" }],
    });
  });

  test("selects monitors by label and by namespace as the resource says", () => {
    const monitors = [
      serviceMonitor("shop", release),
      serviceMonitor("unlabelled", {}),
      serviceMonitor("elsewhere", release, {}, "other"),
    ];
    expect(generate([prometheus(), ...monitors]).jobs()).toEqual([
      "serviceMonitor/apps/shop/0",
      "serviceMonitor/other/elsewhere/0",
    ]);
    const ofTeam = prometheus({ serviceMonitorNamespaceSelector: { matchLabels: { team: "shop" } } });
    expect(generate([ofTeam, namespaces, ...monitors]).jobs()).toEqual(["serviceMonitor/apps/shop/0"]);
    const byName = { matchLabels: { "kubernetes.io/metadata.name": "other" } };
    const inOther = prometheus({ serviceMonitorNamespaceSelector: byName });
    expect(generate([inOther, ...monitors]).jobs()).toEqual(["serviceMonitor/other/elsewhere/0"]);
  });

  test("reads the Secrets that remote write refers to, and ignores other kinds of objects", () => {
    const key = (name: string) => ({ name: "mimir", key: name });
    const remote = { url: "http://mimir/api/v1/push", basicAuth: { username: key("user"), password: key("password") } };
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "mimir", namespace: "observability" },
      stringData: { user: "writer", password: "for tests only" },
    };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" }, spec: { nonsense: 1 } };
    const { stdout } = generate([prometheus({ remoteWrite: [remote] }), secret, deployment]);
    expect(parse(stdout).remote_write).toEqual([
      { url: remote.url, basic_auth: { username: "writer", password: "for tests only" } },
    ]);
    const without = generate([prometheus({ remoteWrite: [remote] })]);
    expect(without.status).toBe(1);
    expect(without.stderr).toMatch(/secrets "mimir" not found/);
  });

  test.each([
    ["an unknown field", prometheus({ replicass: 2 }), /unknown field "spec.replicass"/],
    ["a value outside the schema", serviceMonitor("a", release, { interval: "30x" }), /endpoints\[0\].interval.*30x/],
    [
      "a monitor that the operator rejects",
      serviceMonitor("a", release, { interval: "10s", scrapeTimeout: "20s" }),
      /the operator rejects \*v1.ServiceMonitor apps\/a/,
    ],
  ])("refuses %s", (_what, object, message) => {
    const { status, stderr } = generate(object.kind === "Prometheus" ? [object] : [prometheus(), object]);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });

  test("requires a name if there are two", () => {
    const both = [prometheus(), prometheus({}, "second"), serviceMonitor("shop", release)];
    expect(generate(both).stderr).toMatch(/2 Prometheus resources match.*-prometheus/);
    expect(generate(both, "-prometheus", "observability/second").status).toBe(0);
  });
});

test("strips only the descriptions of fields from the operator's CRDs", () => {
  const crds = operatorCrds();
  const names = crds.map((crd) => crd.metadata.name);
  expect(names).toContain("servicemonitors.monitoring.coreos.com");
  const schemas = crds.flatMap((crd) => crd.spec.versions.map((version) => JSON.stringify(version.schema)));
  expect(schemas.filter((schema) => schema.includes('"description":"'))).toEqual([]);
  // Fields of these names are part of a schema: an alert's description, the default scrape class.
  const fields = ['"description":{"', '"default":{"type":"boolean"}'];
  for (const field of fields) expect(schemas.some((schema) => schema.includes(field))).toBe(true);
});
