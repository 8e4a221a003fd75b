// A consumer's Pulumi program, under the SDK's mocks: one component, given an Output, prints what it registered.
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { OtelGateway, type OtelGatewayProps } from "skopos";

const registered: string[] = [];
await pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    registered.push(type);
    // The Kubernetes provider names what has no name.
    const state = type.startsWith("kubernetes:") ? { ...inputs, metadata: { name, ...inputs.metadata } } : inputs;
    return { id: `${name}-id`, state };
  },
  call: ({ inputs }) => inputs,
});
const namespace = new kubernetes.core.v1.Namespace("telemetry");
const options: Partial<OtelGatewayProps> = { spanMetrics: true };
const gateway = new OtelGateway("gateway", { namespace: namespace.metadata.name, ...options });
export const host: pulumi.Input<string> = gateway.endpoints.otlp.host;
await pulumi.runtime.disconnect();
console.log(registered.sort().join("\n"));
