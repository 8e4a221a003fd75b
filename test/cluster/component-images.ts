import { type ImageName, type ImageOptions, imageReference, images } from "../../lib/kubernetes/index.ts";
import { programPath } from "../binaries/find.ts";
import type { ImageSpec } from "./image.ts";
import { standInBinary } from "./stand-in.ts";

/** The registry map of a test cluster: every public registry has a mirror, as in a private cluster. */
export const mirrors: NonNullable<ImageOptions["registries"]> = {
  "docker.io": "mirror.test/docker",
  "quay.io": "mirror.test/quay",
  "ghcr.io": "mirror.test/ghcr",
  "registry.k8s.io": "mirror.test/k8s",
};

/** The binary that each image runs. */
export const realPrograms: Readonly<Partial<Record<ImageName, string>>> = {
  "otel-collector": "otelcol",
  "prometheus-operator": "prometheus-operator",
  "prometheus-config-reloader": "prometheus-config-reloader",
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  "node-exporter": "node_exporter",
  "kube-state-metrics": "kube-state-metrics",
  mimir: "mimir",
  loki: "loki",
  jaeger: "jaeger",
};

/**
 * Programs that no package registry offers as a static binary, and the TCP ports on which the stand-in answers for them;
 * `$NAME` where the pod's environment says which.
 */
const standIns: Readonly<Partial<Record<ImageName, string>>> = {
  alloy: "12345,4317,4318",
  "flow-agent": "9465",
  grafana: "3000",
  "grafana-sidecar": "$HEALTH_PORT",
  memcached: "11211",
  "memcached-exporter": "9150",
  pushgateway: "9091",
  tempo: "3200,4317,4318",
};

/** An image of a stack, as this tier makes it. */
export interface ComponentImage {
  readonly name: ImageName;
  readonly isStandIn: boolean;
  readonly spec: ImageSpec;
}

/**
 * Makes images of the programs that `test/binaries` built, or of the stand-in, under the references that the registry map of
 * a test cluster gives them.
 * @throws Error naming every program that is not built.
 */
export async function componentImages(names: Iterable<ImageName>): Promise<ComponentImage[]> {
  const wanted = [...new Set(names)].sort();
  const missing = wanted.filter((name) => realPrograms[name] && programPath(realPrograms[name]) === undefined);
  const unknown = wanted.filter((name) => !realPrograms[name] && !standIns[name]);
  if (unknown.length > 0) throw new Error(`no program and no stand-in for ${unknown.join(", ")}`);
  if (missing.length > 0)
    throw new Error(
      `not built yet: node test/binaries/build.ts ${missing.map((name) => realPrograms[name]).join(" ")}`,
    );
  const standIn = await standInBinary();
  return wanted.map((name) => {
    const program = realPrograms[name];
    return {
      name,
      isStandIn: program === undefined,
      spec: {
        reference: imageReference(name, { registries: mirrors }),
        binary: program === undefined ? standIn : programPath(program)!,
        path: `/bin/${name}`,
        ...(program === undefined && { env: { STAND_IN_FOR: name, STAND_IN_PORTS: standIns[name]! } }),
      },
    };
  });
}

/** One line for the report: what of a stack is real, and what is not. */
export function describeImages(made: readonly ComponentImage[]): string {
  const list = (some: readonly ComponentImage[]) => some.map(({ name }) => `${name} ${images[name].tag}`).join(", ");
  const standingIn = made.filter(({ isStandIn }) => isStandIn);
  const real = `real: ${list(made.filter(({ isStandIn }) => !isStandIn))}`;
  return standingIn.length > 0 ? `${real}; stand-ins: ${list(standingIn)}` : real;
}
