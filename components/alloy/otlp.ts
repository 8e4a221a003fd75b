import { type Block, block, call, component, ref, type Value } from "../../lib/alloy/index.ts";
import { serviceOfHost } from "../../lib/formats/index.ts";
import { type Endpoint, endpointUrl } from "../../lib/kubernetes/index.ts";
import {
  bareSpans,
  batch,
  cleanAttributes,
  largestMessageMiB,
  podAttributes,
  queued,
  resourceDetection,
} from "../../lib/otel/index.ts";
import { MiB, type Resources } from "../../lib/sizing/index.ts";
import { nodeVariable } from "./logs.ts";

/** Ports for applications, by the name that Services and probes use. */
export const otlpPorts = { "otlp-grpc": 4317, "otlp-http": 4318 } as const;

/** Where telemetry goes: the gateway. */
export interface AlloyGateway {
  /** For logs: load-balanced by the Service. */
  readonly otlp: Endpoint;
  /**
   * For spans and metrics: the headless Service, so that each trace and each series goes to one pod.
   * @default `otlp`, which is only valid with a single gateway
   */
  readonly otlpByTraceId?: Endpoint;
  /** For span metrics: the headless Service, so that each service goes to one pod. @default none */
  readonly otlpByService?: Endpoint;
}

/** Number of exporters, each with a queue of its own. */
export function exportersOf(gateway: AlloyGateway | undefined): number {
  if (gateway === undefined) return 0;
  return 1 + (gateway.otlpByTraceId ? 2 : 0) + (gateway.otlpByService ? 1 : 0);
}

type Signal = "traces" | "metrics" | "logs";
const signals: readonly Signal[] = ["traces", "metrics", "logs"];

/** Copied where the application did not say who it is, and never overwritten. */
const instance =
  'set(resource.attributes["service.instance.id"], resource.attributes["k8s.pod.name"]) where resource.attributes["service.instance.id"] == nil';

/** The output block of a component: each signal to the inputs of the named components. */
function output(next: Readonly<Partial<Record<Signal, string | readonly string[]>>>): Block {
  const inputs = (names: string | readonly string[]) => [names].flat().map((name) => ref(`${name}.input`));
  return block(
    "output",
    Object.fromEntries(signals.flatMap((signal) => (next[signal] ? [[signal, inputs(next[signal])]] : []))),
  );
}

const all = (next: string) => output({ traces: next, metrics: next, logs: next });

/** What {@link otlp} is made from. */
export interface AlloyOtlpProps {
  readonly gateway: AlloyGateway;
  readonly resources: Resources;
  readonly queueItems: number;
  /** Resource detectors, after `env`. */
  readonly detectors: readonly string[];
}

/** OTLP of applications: spans are routed by trace ID and metrics by resource, so that each series has one gateway. */
export function otlp({ gateway, resources, queueItems, detectors }: AlloyOtlpProps): Block[] {
  const limit = Math.floor(((resources.memoryLimitBytes ?? resources.memoryBytes) / MiB) * 0.8);
  const { otlpByTraceId, otlpByService } = gateway;
  const anyGateway = "otelcol.exporter.otlp.gateway";
  const spans = [
    otlpByTraceId ? "otelcol.exporter.loadbalancing.gateway" : anyGateway,
    ...(otlpByService ? ["otelcol.exporter.loadbalancing.services"] : []),
  ];
  const metrics = otlpByTraceId ? "otelcol.exporter.loadbalancing.metrics" : anyGateway;
  return [
    component("otelcol.receiver.otlp", "applications", {}, [
      block("grpc", { endpoint: `0.0.0.0:${otlpPorts["otlp-grpc"]}`, max_recv_msg_size: `${largestMessageMiB}MiB` }, [
        block("keepalive", {}, [
          block("server_parameters", { max_connection_age: "60s", max_connection_age_grace: "10s" }),
        ]),
      ]),
      block("http", { endpoint: `0.0.0.0:${otlpPorts["otlp-http"]}` }),
      all("otelcol.processor.memory_limiter.applications"),
    ]),
    component(
      "otelcol.processor.memory_limiter",
      "applications",
      { check_interval: "1s", limit: `${limit}MiB`, spike_limit: `${Math.floor(limit / 5)}MiB` },
      [all("otelcol.processor.resourcedetection.applications")],
    ),
    component("otelcol.processor.resourcedetection", "applications", resourceDetection(detectors), [
      all("otelcol.processor.k8sattributes.applications"),
    ]),
    component("otelcol.processor.k8sattributes", "applications", {}, [
      block("filter", { node: call("sys.env", nodeVariable) }),
      block("extract", { metadata: podAttributes }),
      association({ from: "resource_attribute", name: "k8s.pod.uid" }),
      association({ from: "resource_attribute", name: "k8s.pod.ip" }),
      association({ from: "connection" }),
      all("otelcol.processor.transform.applications"),
    ]),
    component("otelcol.processor.transform", "applications", { error_mode: "ignore" }, [
      ...(["trace", "metric", "log"] as const).flatMap((signal) =>
        [{ context: "resource", statements: [instance] }, ...cleanAttributes[signal]].map((group) =>
          block(`${signal}_statements`, { context: group.context, statements: group.statements }),
        ),
      ),
      output({
        traces: "otelcol.processor.filter.applications",
        metrics: "otelcol.processor.batch.applications",
        logs: "otelcol.processor.batch.applications",
      }),
    ]),
    component("otelcol.processor.filter", "applications", { error_mode: "ignore" }, [
      block("trace_conditions", { context: "span", conditions: bareSpans }),
      output({ traces: "otelcol.processor.batch.applications" }),
    ]),
    component("otelcol.processor.batch", "applications", batch, [output({ traces: spans, metrics, logs: anyGateway })]),
    ...(otlpByTraceId
      ? [
          loadBalancing("gateway", "traceID", otlpByTraceId, queueItems),
          loadBalancing("metrics", "resource", otlpByTraceId, queueItems),
        ]
      : []),
    ...(otlpByService ? [loadBalancing("services", "service", otlpByService, queueItems)] : []),
    component("otelcol.exporter.otlp", "gateway", {}, [
      block("client", { endpoint: endpointUrl(gateway.otlp) }, [tls(gateway.otlp)]),
      ...delivery(queueItems),
    ]),
  ];
}

function association(source: Readonly<Record<string, Value>>): Block {
  return block("pod_association", {}, [block("source", source)]);
}

/** Hashes over pod names rather than addresses, so that a restarted gateway keeps its traces and series. */
function loadBalancing(
  label: string,
  routingKey: "traceID" | "resource" | "service",
  to: Endpoint,
  queueItems: number,
): Block {
  return component("otelcol.exporter.loadbalancing", label, { routing_key: routingKey }, [
    block("resolver", {}, [
      block("kubernetes", { service: serviceOfHost(to.host), ports: [to.port], return_hostnames: true }),
    ]),
    ...delivery(queueItems),
    // Neither queue nor retries inside: what cannot be sent goes back to the balancer, which may have another gateway by then.
    block("protocol", {}, [
      block("otlp", {}, [
        block("client", {}, [tls(to)]),
        block("queue", { enabled: false }),
        block("retry", { enabled: false }),
      ]),
    ]),
  ]);
}

const tls = (to: Endpoint) => block("tls", { insecure: to.scheme === "grpc" });

/** A queue counted in spans, points and records, and retries, as the OpenTelemetry agent has them. */
const delivery = (queueItems: number): Block[] =>
  Object.entries(queued(queueItems)).map(([name, settings]) => block(name, settings));
