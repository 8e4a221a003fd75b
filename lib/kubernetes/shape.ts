import {
  alertLabel,
  anyText,
  cidr,
  clusterName,
  construct,
  directTarget,
  dnsLabel,
  dnsSubdomain,
  flag,
  headerName,
  host,
  hostPort,
  httpUrl,
  imageDigest,
  kubernetesVersion,
  labelKey,
  labelValue,
  line,
  listOf,
  location,
  mapOf,
  numeric,
  oneOf,
  portName,
  portNumber,
  prometheusDuration,
  region,
  registry,
  type ShapeOf,
  secretKeyName,
  someText,
  storageAccount,
  TextOr,
  taggedImage,
  tenantId,
  unchecked,
  uniqueListOf,
  urlPath,
} from "../formats/index.ts";
import { alertTemplateLine } from "../monitoring/template.ts";
import type { ComponentProps } from "./chart.ts";
import { ipFamilies, networkEngines, platforms } from "./cluster.ts";
import type { Endpoint } from "./network.ts";
import type { ObjectStore, SecretKey } from "./object-store.ts";
import { optionsShape } from "./options/index.ts";

/** Shape of what every component takes. */
export const componentShape = {
  namespace: dnsLabel,
  name: dnsLabel,
  cluster: {
    name: clusterName,
    version: kubernetesVersion,
    platform: oneOf(...platforms),
    storageClass: dnsSubdomain,
    zones: uniqueListOf(labelValue),
    nodeCidrs: uniqueListOf(cidr),
    apiServerCidrs: uniqueListOf(cidr),
    networkEngine: oneOf(...networkEngines),
    tunnelCidrs: uniqueListOf(cidr),
    loadBalancerCidrs: uniqueListOf(cidr),
    proxy: { url: httpUrl, clusterCidrs: uniqueListOf(cidr), noProxy: uniqueListOf(directTarget) },
    ingressControllers: listOf({ namespace: dnsLabel, labels: mapOf(labelKey, labelValue) }),
    ipFamilies: uniqueListOf(oneOf(...ipFamilies)),
    dns: {
      pods: { namespace: dnsLabel, labels: listOf(mapOf(labelKey, labelValue)) },
      cidrs: uniqueListOf(cidr),
      ports: uniqueListOf(portNumber),
    },
    dnsDomain: dnsSubdomain,
  },
  images: {
    registries: { "docker.io": registry, "quay.io": registry, "ghcr.io": registry, "registry.k8s.io": registry },
    digests: mapOf(taggedImage, imageDigest),
    pullSecrets: uniqueListOf(dnsSubdomain),
  },
  certificateAuthorities: listOf({ configMap: dnsSubdomain, secret: dnsSubdomain, key: secretKeyName }),
  ...optionsShape,
  evaluator: oneOf("prometheus", "mimir"),
  stack: dnsLabel,
  grafanaStack: dnsLabel,
  runbooks: location,
  grafanaUrl: httpUrl,
  alertOverrides: mapOf(line, {
    enabled: flag,
    threshold: numeric,
    for: prometheusDuration,
    severity: oneOf("critical", "warning", "info"),
    labels: mapOf(alertLabel, alertTemplateLine),
    summary: alertTemplateLine,
  }),
} as const satisfies ShapeOf<ComponentProps>;

/** Shape of an {@link Endpoint}. */
export const endpointShape = {
  scheme: oneOf("http", "https", "grpc", "grpcs"),
  host,
  port: portNumber,
  path: urlPath,
  headers: mapOf(headerName, line),
  pods: unchecked,
  targetPort: portNumber,
  portName,
} as const satisfies ShapeOf<Endpoint>;

/** Shape of {@link TenantNamespaces}. */
export const tenantNamespacesShape = mapOf(tenantId, uniqueListOf(dnsLabel));

/** Shape of a {@link Server}. */
export const serverShape = new TextOr(hostPort, construct);

/** Shape of a {@link SecretKey}. */
export const secretKeyShape = { secret: dnsSubdomain, key: secretKeyName } as const satisfies ShapeOf<SecretKey>;

/** Shape of an {@link ObjectStore}. */
export const objectStoreShape = {
  kind: oneOf("s3", "gcs", "azure", "filesystem"),
  endpoint: serverShape,
  region,
  insecure: flag,
  account: storageAccount,
  credentials: {
    accessKeyId: secretKeyShape,
    secretAccessKey: secretKeyShape,
    serviceAccount: secretKeyShape,
    accountKey: secretKeyShape,
  },
  identity: mapOf(labelKey, someText),
} as const satisfies ShapeOf<ObjectStore>;

/** Shape of a {@link Route}. */
export const routeShape = {
  kind: oneOf("ingress", "gateway"),
  className: dnsSubdomain,
  tlsSecret: dnsSubdomain,
  annotations: mapOf(labelKey, anyText),
  gateway: { name: dnsSubdomain, namespace: dnsLabel, listener: dnsSubdomain },
} as const;

/** Shape of labels by which nodes or pods are selected. */
export const labelsShape = mapOf(labelKey, labelValue);

/** Shape of annotations. */
export const annotationsShape = mapOf(labelKey, anyText);
