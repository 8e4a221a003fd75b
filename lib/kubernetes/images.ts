import type { ImageOverride } from "./options/types.ts";

/** The registries that images are published in: the keys of the registry map. */
export const sourceRegistries = ["docker.io", "quay.io", "ghcr.io", "registry.k8s.io"] as const;

/** One container image as it is published. */
export interface Image {
  /** Registry that publishes it: the key of the registry map. */
  readonly registry: (typeof sourceRegistries)[number];
  readonly repository: string;
  readonly tag: string;
  /** `sha256:...` of the multi-arch index. Absent if it was not verified: `skopos plan` counts such images. */
  readonly digest?: `sha256:${string}`;
}

/**
 * Every image that a component can run. The versions are those that the tests run; `test/binaries/shipped.test.ts`
 * lists the differences.
 */
export const images = {
  "otel-collector": { registry: "docker.io", repository: "otel/opentelemetry-collector-contrib", tag: "0.159.0" },
  "prometheus-operator": {
    registry: "quay.io",
    repository: "prometheus-operator/prometheus-operator",
    tag: "v0.93.1",
  },
  "prometheus-config-reloader": {
    registry: "quay.io",
    repository: "prometheus-operator/prometheus-config-reloader",
    tag: "v0.93.1",
  },
  prometheus: { registry: "quay.io", repository: "prometheus/prometheus", tag: "v3.15.0" },
  alertmanager: { registry: "quay.io", repository: "prometheus/alertmanager", tag: "v0.33.1" },
  "node-exporter": { registry: "quay.io", repository: "prometheus/node-exporter", tag: "v1.12.1" },
  "kube-state-metrics": {
    registry: "registry.k8s.io",
    repository: "kube-state-metrics/kube-state-metrics",
    tag: "v2.20.0",
  },
  pushgateway: { registry: "quay.io", repository: "prometheus/pushgateway", tag: "v1.11.2" },
  grafana: { registry: "docker.io", repository: "grafana/grafana", tag: "13.2.0" },
  "grafana-sidecar": { registry: "quay.io", repository: "kiwigrid/k8s-sidecar", tag: "2.10.1" },
  mimir: { registry: "docker.io", repository: "grafana/mimir", tag: "3.2.0" },
  memcached: { registry: "docker.io", repository: "library/memcached", tag: "1.6.39-alpine" },
  "memcached-exporter": { registry: "quay.io", repository: "prometheus/memcached-exporter", tag: "v0.15.3" },
  rclone: { registry: "docker.io", repository: "rclone/rclone", tag: "1.76.0" },
  loki: { registry: "docker.io", repository: "grafana/loki", tag: "3.7.8" },
  tempo: { registry: "docker.io", repository: "grafana/tempo", tag: "3.0.3" },
  jaeger: { registry: "docker.io", repository: "jaegertracing/jaeger", tag: "2.14.0" },
  "jaeger-es-index-cleaner": {
    registry: "docker.io",
    repository: "jaegertracing/jaeger-es-index-cleaner",
    tag: "2.14.0",
  },
  alloy: { registry: "docker.io", repository: "grafana/alloy", tag: "v1.18.1" },
  "flow-agent": { registry: "ghcr.io", repository: "skopos-dev/flow-agent", tag: "0.1.0" },
} as const satisfies Record<string, Image>;

export type ImageName = keyof typeof images;

/** Image sources of a private cluster. */
export interface ImageOptions {
  /**
   * Mirror by source registry: `{"docker.io": "mirror.example/docker"}`. Other registries are used directly.
   * @default none
   */
  readonly registries?: Readonly<Partial<Record<Image["registry"], string>>>;
  /**
   * Digests by reference: `{"docker.io/grafana/mimir:3.2.0": "sha256:..."}`. `skopos images --pin` resolves those of a stack.
   * A mirror that is a Pulumi Output is unknown when digests are looked up: images from it keep their tags.
   * @default those of the catalogue
   */
  readonly digests?: Readonly<Record<string, string>>;
  /** Names of pull secrets in the component's namespace. @default none */
  readonly pullSecrets?: readonly string[];
}

/** The reference that goes into a pod: through the registry map, by digest where one is known, parts of it replaced. */
export function imageReference(name: ImageName, options: ImageOptions = {}, replaced: ImageOverride = {}): string {
  const image: Image = images[name];
  const registry = replaced.registry ?? options.registries?.[image.registry] ?? image.registry;
  const { repository = image.repository, tag = image.tag } = replaced;
  const reference = `${registry}/${repository}:${tag}`;
  const sameImage = repository === image.repository && tag === image.tag;
  const digest = replaced.digest ?? options.digests?.[reference] ?? (sameImage ? image.digest : undefined);
  return digest ? `${reference}@${digest}` : reference;
}
