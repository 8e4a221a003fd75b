// Private authorities reach every program that connects to servers outside of the stack, however it is deployed.
import { expect, test } from "vitest";
import { readStackFile } from "../../stacks/load.ts";
import { prerequisites } from "../../stacks/prerequisites.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";

const certificateAuthorities = [{ configMap: "corporate-ca" }, { secret: "lab-ca", key: "tls-ca.pem" }];

function rendered(stack: string, collectors: string) {
  const file = readStackFile("stacks", stack).raw as object;
  const raw = {
    ...file,
    ...(stack === "prod" && { retention: "archive" }),
    collectors,
    extra: { certificateAuthorities },
  };
  const resolved = resolve(raw, { stack });
  return { resolved, objects: objectsOf(renderStack(resolved)).map(({ object }) => object) };
}

test.each([
  ["dev", "native"],
  ["prod", "native"],
  ["staging", "operator"],
])(
  "%s, %s collectors: stores, collectors, Prometheus, Alertmanager, Grafana and jobs trust both",
  (stack, collectors) => {
    const { objects } = rendered(stack, collectors);
    const trusting = objects.filter((object) => JSON.stringify(object).includes("SSL_CERT_DIR"));
    const programs = new Set(trusting.map(({ metadata }) => metadata.name.split("-")[0]));
    for (const program of ["mimir", "loki", "otel", "kube", "grafana", "alloy"])
      expect([...programs]).toContain(program);
    for (const kind of ["Prometheus", "Alertmanager"])
      expect(
        trusting.some((object) => object.kind === kind),
        kind,
      ).toBe(true);
    if (collectors === "operator")
      expect(trusting.filter(({ kind }) => kind === "OpenTelemetryCollector")).toHaveLength(2);
    if (stack === "prod") expect(trusting.some(({ kind }) => kind === "CronJob")).toBe(true);
    for (const object of trusting) {
      const text = JSON.stringify(object);
      expect(text, object.metadata.name).toContain('"mountPath":"/etc/skopos/certificate-authorities"');
      expect(text).toMatch(/"configMap":\{"items":\[\{"key":"ca.crt","path":"0-ca.crt"\}\],"name":"corporate-ca"\}/);
      expect(text).toMatch(/"secret":\{"items":\[\{"key":"tls-ca.pem","path":"1-tls-ca.pem"\}\],"name":"lab-ca"\}/);
    }
  },
);

test("caches and exporters, which connect to nothing outside, do not change", () => {
  const { objects } = rendered("prod", "native");
  const text = (name: RegExp) =>
    JSON.stringify(objects.filter(({ kind, metadata }) => /Set|Deployment/.test(kind) && name.test(metadata.name)));
  for (const name of [/cache/, /node-exporter/, /kube-state-metrics/]) {
    expect(text(name).length).toBeGreaterThan(10);
    expect(text(name)).not.toContain("SSL_CERT_DIR");
  }
});

test("plan lists the bundles in both namespaces", () => {
  const listed = prerequisites(rendered("staging", "native").resolved).map(({ what }) => what);
  expect(listed).toEqual(
    expect.arrayContaining([
      "ConfigMap corporate-ca in observability",
      "ConfigMap corporate-ca in observability-agents",
      "Secret lab-ca in observability",
      "Secret lab-ca in observability-agents",
    ]),
  );
});
