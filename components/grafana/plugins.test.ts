import { App } from "cdk8s";
import { expect, test } from "vitest";
import { GrafanaChart, type GrafanaProps } from "./index.ts";

function render(props: Partial<GrafanaProps>) {
  const chart = new GrafanaChart(new App(), "grafana", {
    namespace: "observability",
    availability: "single",
    ...props,
  });
  const objects = chart.toJson() as { kind: string; metadata: { name: string }; data?: Record<string, string> }[];
  const ini = objects.find(({ data }) => data?.["grafana.ini"])?.data?.["grafana.ini"] ?? "";
  return { ini, edges: chart.edges, deployment: JSON.stringify(objects.find(({ kind }) => kind === "Deployment")) };
}

test("plugins are downloaded in their version, without the apps that Grafana adds, and grafana.com is admitted", () => {
  const { ini, edges } = render({
    plugins: [
      { id: "grafana-clock-panel", version: "2.1.8" },
      { id: "grafana-pyroscope-app", version: "1.0.0" },
    ],
  });
  expect(ini).toContain("preinstall_disabled = false");
  expect(ini).toContain("preinstall_sync = grafana-clock-panel@2.1.8,grafana-pyroscope-app@1.0.0");
  expect(ini).toMatch(
    /disable_plugins = grafana-lokiexplore-app,grafana-exploretraces-app,grafana-metricsdrilldown-app\n/,
  );
  expect(edges.find(({ why }) => why.startsWith("downloads"))?.ports).toEqual([443]);
});

test("without plugins nothing is downloaded", () => {
  const { ini, edges } = render({});
  expect(ini).toContain("preinstall_disabled = true");
  expect(ini).not.toContain("preinstall_sync");
  expect(edges.some(({ why }) => why.startsWith("downloads"))).toBe(false);
});

test("mail is sent through the server, with the password from its Secret", () => {
  const password = { secret: "smtp", key: "password" };
  const smtp = { host: "smtp.example.com:587", from: "grafana@example.com", auth: { username: "a;b", password } };
  const { ini, edges, deployment } = render({ smtp });
  expect(ini).toMatch(
    /\[smtp\]\nenabled = true\nhost = smtp.example.com:587\nuser = `a;b`\nfrom_address = grafana@example.com\n/,
  );
  expect(deployment).toMatch(/"GF_SMTP_PASSWORD","valueFrom":\{"secretKeyRef":\{("key":"password"|"name":"smtp"|,)+\}/);
  expect(edges.find(({ why }) => why === "mail")?.ports).toEqual([587]);
});
