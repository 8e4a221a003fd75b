import { flag, oneOf, type ShapeOf, unchecked, uniqueListOf } from "../../lib/formats/index.ts";
import { componentShape, endpointShape, labelsShape } from "../../lib/kubernetes/index.ts";
import { collectorAdditionsShape, queueStorages } from "../../lib/otel/index.ts";
import { podSizeShape } from "../../lib/sizing/index.ts";
import { kubeletMetrics } from "./kubelet.ts";
import type { OtelAgentProps } from "./props.ts";

/** Detectors of the collector. @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/processor/resourcedetectionprocessor */
const detector = oneOf(
  "ec2",
  "gcp",
  "azure",
  "eks",
  "aks",
  "ecs",
  "system",
  "docker",
  "openshift",
  "k8snode",
  "kubeadm",
  "consul",
  "heroku",
  "lambda",
  "elasticbeanstalk",
  "dynatrace",
  "hetzner",
  "akamai",
  "scaleway",
  "upcloud",
  "vultr",
  "digitalocean",
  "nova",
  "oraclecloud",
  "alibaba_ecs",
  "tencent_cvm",
);

/** What each part of {@link OtelAgentProps} may be. */
export const otelAgentShape: ShapeOf<OtelAgentProps> = {
  ...componentShape,
  gateway: { otlp: endpointShape, otlpByTraceId: endpointShape, otlpByService: endpointShape },
  mode: oneOf("native", "operator"),
  workload: unchecked,
  size: podSizeShape,
  nodeSelector: labelsShape,
  service: oneOf("node-local", "cluster"),
  resolver: oneOf("kubernetes", "dns"),
  detectors: uniqueListOf(detector),
  queue: oneOf(...queueStorages),
  kubeletInsecure: flag,
  kubeletMetrics: uniqueListOf(oneOf(...kubeletMetrics)),
  additions: collectorAdditionsShape,
};
