// A consumer's Pulumi program: one component in a namespace of its own, deployed by the Automation API.

import * as kubernetes from "@pulumi/kubernetes";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { clusterProvider, OtelGateway } from "skopos";

const [root = "", registries = "{}"] = process.argv.slice(2);

const stack = await LocalWorkspace.createOrSelectStack(
  {
    stackName: "telemetry",
    projectName: "consumer",
    program: async () => {
      const provider = clusterProvider("cluster", { clusterIdentifier: "consumer" });
      const namespace = new kubernetes.core.v1.Namespace("telemetry", {}, { provider });
      const gateway = new OtelGateway(
        "gateway",
        { namespace: namespace.metadata.name, images: { registries: JSON.parse(registries) } },
        { providers: { kubernetes: provider } },
      );
      return { namespace: namespace.metadata.name, host: gateway.endpoints.otlp.host };
    },
  },
  { pulumiCommand: await PulumiCommand.get({ root, skipVersionCheck: true }) },
);
const { outputs } = await stack.up();
console.log(JSON.stringify({ namespace: outputs.namespace?.value, host: outputs.host?.value }));
await stack.destroy();
