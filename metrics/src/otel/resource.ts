import { hostname } from "node:os";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";

/** Who sends the telemetry. Nothing is detected by asking a cloud provider. */
export interface ServiceIdentity {
  readonly name: string;
  readonly version?: string;
  /** E.g. `production`. */
  readonly environment?: string;
  /** Unlike any other replica's. @default the host name, which in Kubernetes is the pod's name */
  readonly instanceId?: string;
}

/** OpenTelemetry's resource of a service: https://opentelemetry.io/docs/specs/semconv/resource/#service */
export function serviceResource({ name, version, environment, instanceId = hostname() }: ServiceIdentity): Resource {
  return resourceFromAttributes({
    "service.name": name,
    "service.instance.id": instanceId,
    ...(version === undefined ? {} : { "service.version": version }),
    ...(environment === undefined ? {} : { "deployment.environment.name": environment }),
  });
}
