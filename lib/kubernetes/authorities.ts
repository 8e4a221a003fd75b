import type { IVolume } from "kubernetes-models/v1/Volume";
import type { ComponentChart } from "./chart.ts";
import type { ContainerProps } from "./container.ts";
import type { ImageName } from "./images.ts";
import type { Mount } from "./volumes.ts";

/** A bundle of certificates in PEM, of authorities that no operating system knows: in a ConfigMap, or in a Secret. */
export type CertificateAuthority = {
  /** Key with the certificates. @default "ca.crt" */
  readonly key?: string;
} & ({ readonly configMap: string; readonly secret?: never } | { readonly secret: string; readonly configMap?: never });

/** Programs in Go that connect to servers with TLS certificates outside of the stack. */
const goClients: ReadonlySet<ImageName> = new Set<ImageName>([
  "otel-collector",
  "prometheus",
  "alertmanager",
  "grafana",
  "mimir",
  "loki",
  "tempo",
  "jaeger",
  "jaeger-es-index-cleaner",
  "alloy",
  "rclone",
]);

/** The same, in Node.js. */
const nodeClients: ReadonlySet<ImageName> = new Set<ImageName>(["flow-agent"]);

const folder = "/etc/skopos/certificate-authorities";

/**
 * Folders of the certificates that a Go program trusts: those of the operating system, and ours.
 * @see https://github.com/golang/go/blob/go1.26.0/src/crypto/x509/root_linux.go
 */
const folders = ["/etc/ssl/certs", "/etc/pki/tls/certs", folder].join(":");

/** What lets the programs of a container trust the authorities of the chart; undefined if there are none. */
export function trustOf({
  certificateAuthorities: all,
}: Pick<ComponentChart, "certificateAuthorities">):
  | { readonly env: { readonly SSL_CERT_DIR: string }; readonly mount: Mount }
  | undefined {
  if (all.length === 0) return undefined;
  const sources = all.map(({ configMap, secret, key = "ca.crt" }, index) => {
    // Two bundles may have the same key.
    const items = [{ key, path: `${index}-${key}` }];
    return configMap === undefined ? { secret: { name: secret, items } } : { configMap: { name: configMap, items } };
  });
  const volume = { name: "certificate-authorities", source: { projected: { defaultMode: 0o444, sources } } };
  return { env: { SSL_CERT_DIR: folders }, mount: { volume, path: folder, readOnly: true } };
}

/** The volume of the authorities, for pods that are put together by hand. */
export const trustVolumes = (chart: ComponentChart): readonly IVolume[] => {
  const volume = trustOf(chart)?.mount.volume;
  return volume ? [{ name: volume.name, ...volume.source }] : [];
};

/**
 * Lets Node.js trust every file of one folder besides the authorities that it was built with. NODE_EXTRA_CA_CERTS takes one file only.
 * @see https://nodejs.org/docs/latest-v24.x/api/cli.html#node_use_system_ca1
 */
const nodeEnvironment = { NODE_USE_SYSTEM_CA: "1", SSL_CERT_DIR: folder } as const;

/** A container whose program trusts the authorities of the chart, if it connects to anything that presents a certificate. */
export function trusting<Container extends Pick<ContainerProps, "image" | "env" | "mounts">>(
  chart: ComponentChart,
  container: Container,
): Container {
  const inNode = nodeClients.has(container.image);
  const trust = inNode || goClients.has(container.image) ? trustOf(chart) : undefined;
  if (!trust) return container;
  return {
    ...container,
    env: { ...container.env, ...(inNode ? nodeEnvironment : trust.env) },
    mounts: [...(container.mounts ?? []), trust.mount],
  };
}
