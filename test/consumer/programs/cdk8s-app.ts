// A consumer's cdk8s app: two components that are connected, rendered to standard output. Pulumi is not needed.
import { App, Chart, Yaml } from "cdk8s";
import * as kplus from "cdk8s-plus-28";
import { endpointOf, OtelAgentChart, OtelGatewayChart, workloads } from "skopos/cdk8s";

const app = new App();
const own = new Chart(app, "own", { namespace: "logging" });
const store = new kplus.StatefulSet(own, "loki", {
  containers: [{ image: "grafana/loki:3.7.8", portNumber: 3100 }],
  service: new kplus.Service(own, "loki-headless", { ports: [{ port: 3100 }] }),
});
const loki = new kplus.Service(own, "loki-push", { selector: store, ports: [{ port: 80, targetPort: 3100 }] });
const gateway = new OtelGatewayChart(app, "gateway", {
  namespace: "telemetry",
  workload: workloads.medium,
  logs: endpointOf(loki, { path: "/otlp" }),
});
const agent = new OtelAgentChart(app, "agent", { namespace: "telemetry", gateway: gateway.endpoints });
console.log(Yaml.stringify(...gateway.toJson(), ...agent.toJson()));
