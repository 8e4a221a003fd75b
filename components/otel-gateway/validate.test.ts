import { App } from "cdk8s";
import { expect, test } from "vitest";
import { MiB } from "../../lib/sizing/index.ts";
import { defaultTailSampling, OtelGatewayChart, type OtelGatewayProps, validateOtelGateway } from "./index.ts";

const namespace = "observability";
const found = (props: Partial<OtelGatewayProps>) =>
  validateOtelGateway({ namespace, ...props }).map(({ code, at }) => `${code} ${at}`);
const route = {
  kind: "ingress",
  host: "otlp.example.com",
  authentication: { tokens: { secret: "otlp", key: "tokens" } },
} as const;
const albPorts = "alb.ingress.kubernetes.io/listen-ports";
const sampling = (change: Partial<typeof defaultTailSampling>) => ({
  tailSampling: { ...defaultTailSampling, ...change },
});

test.each<[string, Partial<OtelGatewayProps>]>([
  ["SKP1011 tailSampling.decisionWaitSeconds", sampling({ decisionWaitSeconds: 0 })],
  ["SKP1011 tailSampling.decisionWaitSeconds", sampling({ decisionWaitSeconds: 601 })],
  ["SKP1011 tailSampling.keepPercent", sampling({ keepPercent: 101 })],
  ["SKP1011 tailSampling.latencyThresholdMs", sampling({ latencyThresholdMs: 0 })],
  ["SKP1011 replicas", { replicas: 1.5 }],
  ["SKP1271 route.grpcHost", { route: { ...route, grpcHost: route.host } }],
  ...[
    [albPorts, '[{"HTTP": 80}]'],
    [albPorts, '[{"HTTPS": 443}, {"HTTP": 80}]'],
    ["nginx.ingress.kubernetes.io/ssl-redirect", "false"],
  ].map(([key = "", value = ""]): [string, Partial<OtelGatewayProps>] => [
    `SKP1271 route.annotations["${key}"]`,
    { route: { ...route, annotations: { [key]: value } } },
  ]),
  ["SKP1012 route.host", { route: { ...route, host: "otlp.EXAMPLE.com" } }],
  ["SKP1012 route.grpcHost", { route: { ...route, grpcHost: "10.0.0.1" } }],
  ["SKP1271 route.className", { route: { ...route, className: "gce" } }],
  ["SKP1271 route.tlsSecret", { route: { ...route, className: "alb", tlsSecret: "tls" } }],
])("rejects %s", (finding, props) => {
  expect(found(props)).toEqual([finding]);
  expect(() => new OtelGatewayChart(new App(), "gateway", { namespace, ...props })).toThrow(finding.slice(0, 7));
});

test("replicas and resources are overrides", () => {
  const props = { namespace, replicas: 5, size: { memoryBytes: 777 * MiB } };
  const { sizing } = new OtelGatewayChart(new App(), "gateway", props);
  expect(found(props)).toEqual([]);
  expect(sizing.gateway).toMatchObject({ replicas: 5, memoryBytes: 777 * MiB });
});

test("annotations that keep HTTPS are accepted", () => {
  const annotations = { [albPorts]: '[{"HTTPS": 8443}]', "nginx.ingress.kubernetes.io/ssl-redirect": "true" };
  expect(found({ route: { ...route, annotations } })).toEqual([]);
});
