import { App } from "cdk8s";
import { expect, test } from "vitest";
import { workloads } from "../../../lib/sizing/index.ts";
import { type AdditionalScrape, KubePrometheusChart } from "../index.ts";

const tls = { secret: { name: "s", key: "k" } };
const oauth2 = {
  clientId: tls,
  clientSecret: { name: "s", key: "k" },
  tokenUrl: "https://login.example.com:8443/token",
};
const staticConfigs = [{ targets: ["vm.example.com:9100"] }];

const scrapes: readonly AdditionalScrape[] = [
  { name: "proxied", spec: { staticConfigs, proxyUrl: "http://proxy.example.com:3128" } },
  { name: "socks", spec: { staticConfigs, proxyUrl: "socks5://proxy.example.com" } },
  { name: "oauth", spec: { staticConfigs, oauth2 } },
  {
    name: "openstack",
    spec: {
      openstackSDConfigs: [{ role: "Instance", region: "r", identityEndpoint: "https://keystone.example.com:5000/v3" }],
    },
  },
  { name: "docker", spec: { dockerSDConfigs: [{ host: "tcp://docker.example.com:2376" }] } },
  { name: "cloud", spec: { ec2SDConfigs: [{ region: "eu-central-1" }] }, ports: [9100] },
];

test("network policies admit proxies, token endpoints and the APIs of discoveries", () => {
  const chart = new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    workload: { ...workloads.small, nodes: 1, pods: 30, activeSeries: 20_000 },
    replicas: 1,
    additionalScrapes: scrapes,
  });
  const ports = Object.fromEntries(
    scrapes.map(({ name }) => [
      name,
      [...(chart.edges.find(({ why }) => why === `scrape: ${name}`)?.ports ?? [])].map(Number).sort((a, b) => a - b),
    ]),
  );
  expect(ports).toEqual({
    proxied: [3128, 9100],
    socks: [1080, 9100],
    oauth: [8443, 9100],
    openstack: [5000],
    docker: [2376],
    cloud: [443, 9100],
  });
});
