// A consumer's cdk8s app: two components that are connected, rendered to standard output. Pulumi is not needed.
import { App, Yaml } from "cdk8s";
import { OtelAgentChart, OtelGatewayChart, workloads } from "skopos/cdk8s";

const app = new App();
const gateway = new OtelGatewayChart(app, "gateway", { namespace: "telemetry", workload: workloads.medium });
const agent = new OtelAgentChart(app, "agent", { namespace: "telemetry", gateway: gateway.endpoints });
console.log(Yaml.stringify(...gateway.toJson(), ...agent.toJson()));
