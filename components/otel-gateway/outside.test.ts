// What routes from outside the cluster need of controllers, load balancers and policies.
import { App } from "cdk8s";
import { expect, test } from "vitest";
import { networkPolicies } from "../../lib/kubernetes/index.ts";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { chartProblems, objectOf } from "../../test/support/charts.ts";
import { OtelGatewayChart, type OtelGatewayProps, type OutsideRoute } from "./index.ts";

const hosts = { host: "otlp.example.com", grpcHost: "grpc.example.com" } as const;
const authentication = { tokens: { secret: "otlp", key: "clients" } } as const;
const ingress = { kind: "ingress", ...hosts, authentication } as const;
const gateway = { name: "public", namespace: "gateways", listener: "https" };
const byGateway = { kind: "gateway", gateway, ...hosts, authentication } as const;

const chartOf = (route: OutsideRoute, more: Partial<OtelGatewayProps> = {}) =>
  new OtelGatewayChart(new App(), "gateway", { namespace: "observability", route, ...more });
const annotationsOf = (chart: OtelGatewayChart, kind: string, name: string) =>
  objectOf(chart, kind, `otel-gateway-collector-outside-${name}`).metadata.annotations ?? {};

test.each([
  ["an Ingress", ingress],
  ["a Gateway", byGateway],
  ["an Application Load Balancer", { ...ingress, className: "alb" }],
] as const)("objects of %s match their published schemas", (_, route) => {
  expect(chartProblems(chartOf(route))).toEqual([]);
});

test("each protocol has a host and a Service of its own, in front of the receiver with authentication", () => {
  for (const mode of ["native", "operator"] as const) {
    const chart = chartOf(byGateway, { mode });
    for (const [kind, protocol, host, port, target] of [
      ["HTTPRoute", "http", hosts.host, 4318, 4328],
      ["GRPCRoute", "grpc", hosts.grpcHost, 4317, 4327],
    ] as const) {
      const name = `otel-gateway-collector-outside-${protocol}`;
      expect(objectOf(chart, kind, name).spec).toEqual({
        parentRefs: [{ name: "public", namespace: "gateways", sectionName: "https" }],
        hostnames: [host],
        rules: [{ backendRefs: [{ name, port }] }],
      });
      expect(objectOf(chart, "Service", name).spec?.ports).toMatchObject([{ port, targetPort: target }]);
    }
  }
});

test("without a host of gRPC, only OTLP/HTTP is routed and admitted", () => {
  const { grpcHost: _, ...route } = ingress;
  const chart = chartOf(route);
  const routed = (chart.toJson() as KubernetesObject[]).filter(({ kind }) => kind === "Ingress");
  expect(routed.map(({ metadata }) => metadata.name)).toEqual(["otel-gateway-collector-outside-http"]);
  expect(chart.edges.find(({ from }) => from === "load balancers")?.ports).toEqual([4328]);
});

test("Ingresses serve TLS only, let batches through, and pass gRPC on as gRPC", () => {
  const chart = chartOf(ingress);
  expect(annotationsOf(chart, "Ingress", "http")).toEqual({ "nginx.ingress.kubernetes.io/proxy-body-size": "16m" });
  expect(annotationsOf(chart, "Ingress", "grpc")).toMatchObject({
    "nginx.ingress.kubernetes.io/backend-protocol": "GRPC",
  });
  expect(annotationsOf(chart, "Service", "grpc")).toEqual({
    "traefik.ingress.kubernetes.io/service.serversscheme": "h2c",
  });
  expect(objectOf(chart, "Ingress", "otel-gateway-collector-outside-http").spec?.tls).toEqual([
    { hosts: [hosts.host] },
  ]);
  const named = chartOf({ ...ingress, tlsSecret: "tls" });
  expect(objectOf(named, "Ingress", "otel-gateway-collector-outside-grpc").spec?.tls).toEqual([
    { hosts: [hosts.grpcHost], secretName: "tls" },
  ]);
});

test("an Application Load Balancer takes for healthy what answers that there is no token", () => {
  const chart = chartOf({ ...ingress, className: "alb" });
  const prefix = "alb.ingress.kubernetes.io";
  expect(annotationsOf(chart, "Ingress", "http")).toMatchObject({ [`${prefix}/success-codes`]: "401" });
  expect(annotationsOf(chart, "Ingress", "grpc")).toMatchObject({
    [`${prefix}/success-codes`]: "12",
    [`${prefix}/backend-protocol-version`]: "GRPC",
  });
});

test("several gateways may find and reach each other, a single one needs no rights", () => {
  const kinds = (chart: OtelGatewayChart) => chart.toJson().map(({ kind }: KubernetesObject) => kind);
  const passed = (chart: OtelGatewayChart) => chart.edges.filter(({ why }) => /responsible/.test(why));
  const several = chartOf(ingress, { replicas: 3, spanMetrics: true });
  expect(kinds(several)).toContain("RoleBinding");
  expect(passed(several).map(({ ports }) => ports)).toEqual([[4317, 4319]]);
  const single = chartOf(ingress, { replicas: 1 });
  expect(kinds(single)).not.toContain("RoleBinding");
  expect(passed(single)).toEqual([]);
});

test("only the stated Ingress controllers may connect", () => {
  const ingressControllers = [{ namespace: "ingress-nginx", labels: { app: "nginx" } }];
  const cluster = { name: "c", version: "1.35", platform: "kubernetes", ingressControllers } as const;
  const { edges } = chartOf(ingress, { cluster });
  const policies = networkPolicies(edges, cluster) as KubernetesObject[];
  const rules = policies.flatMap(
    ({ spec }) => (spec?.ingress ?? []) as { from: object[]; ports: { port: number }[] }[],
  );
  const outside = rules.find(({ ports }) => ports.some(({ port }) => port === 4328));
  expect(outside?.from).toEqual([
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } },
      podSelector: { matchLabels: { app: "nginx" } },
    },
  ]);
});
