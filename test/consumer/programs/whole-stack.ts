// A consumer's index.ts, under the SDK's mocks: a whole stack with values that the program knows, and what is connected to it.
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { endpointUrl, runStack, type StackOverrides } from "skopos";

interface Deployed {
  readonly type: string;
  readonly inputs: {
    readonly spec?: { readonly replicas?: number; readonly template?: unknown };
    readonly data?: unknown;
  };
}
const deployed = new Map<string, Deployed>();
await pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    deployed.set(name, { type, inputs });
    return { id: `${name}-id`, state: inputs };
  },
  call: ({ inputs }) => inputs,
});
pulumi.runtime.setAllConfig(
  {
    "skopos:cluster": '{"name": "prod", "version": "1.36", "networkPolicies": false}',
    "skopos:retention": "standard",
    "skopos:scale": "small",
    "skopos:availability": "single",
    "skopos:grafanaAdminPassword": "from the encrypted configuration",
  },
  ["skopos:grafanaAdminPassword"],
);

const overrides: StackOverrides = {
  cluster: { context: "prod" },
  workload: { activeSeries: 400_000, logsPerDay: "12GiB" },
  retention: { loki: "14d" },
  defaults: { priorityClassName: "observability" },
  components: {
    grafana: { nodeSelector: { pool: "web" }, resources: { requests: { memory: "1Gi" } } },
    loki: { podLabels: { team: "logs" } },
    traces: "off",
  },
};
const transform: pulumi.ResourceTransform = ({ props, opts }) => ({ props: { ...props }, opts });
const { capacity, endpoints } = runStack({ overrides, transforms: [transform] });

// Endpoints are Outputs: an application is told where to push, and where people query.
const push: pulumi.Output<string> | undefined = endpoints.mimir && endpointUrl(endpoints.mimir.push);
const logs = endpoints.loki?.push.host.apply((host) => `loki is ${host}`);
new kubernetes.core.v1.ConfigMap("application", { data: { push: push ?? "", logs: logs ?? "" } });

await pulumi.runtime.disconnect();
const pods = JSON.stringify(deployed.get("observability-grafana-deployment-grafana")?.inputs.spec?.template);
console.log(
  JSON.stringify({
    series: capacity.series,
    application: deployed.get("application")?.inputs.data,
    grafana: [pods.includes('"pool":"web"'), pods.includes('"priorityClassName":"observability"')],
    traces: [...deployed.keys()].filter((name) => name.includes("traces")),
  }),
);
