import { expect, test } from "vitest";
import { least } from "../test/support/rejected-stacks.ts";
import { resolve } from "./resolve.ts";

const tokens = { secret: "otlp", key: "tokens" };
const authenticated = {
  kind: "ingress",
  annotations: { "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com/oauth2/auth" },
};
const stack =
  (grafana: string, host: string, grpcHost: string, alerts = "alerts.example.com") =>
  () =>
    resolve(
      {
        ...least,
        alerts: { route: { ...authenticated, host: alerts } },
        components: {
          grafana: { host: grafana, route: { kind: "ingress" } },
          prometheus: { route: { ...authenticated, host: "p.example.com" } },
          otelGateway: { route: { kind: "ingress", host, grpcHost, authentication: { tokens } } },
        },
      },
      { stack: "test" },
    );

test("no two routes have the same host", () => {
  expect(stack("a.example.com", "b.example.com", "c.example.com")).not.toThrow();
  expect(stack("a.example.com", "b.example.com", "a.example.com")).toThrow(/SKP1272.*route\.grpcHost/);
  expect(stack("a.example.com", "a.example.com", "c.example.com")).toThrow(/SKP1272.*otelGateway\.route\.host/);
  const three = ["a.example.com", "b.example.com", "c.example.com"] as const;
  expect(stack(...three, "a.example.com")).toThrow(/SKP1272.*alerts\.route\.host/);
  expect(stack(...three, "p.example.com")).toThrow(/SKP1272.*alerts\.route\.host/);
  expect(stack("a.example.com", "b.example.com", "b.example.com")).toThrow(/SKP1271.*route\.grpcHost/);
});
