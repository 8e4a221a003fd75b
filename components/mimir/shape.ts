import {
  attributeName,
  bucket,
  dnsLabel,
  dnsSubdomain,
  host,
  mapOf,
  mimirLimit,
  oneOf,
  prometheusLabel,
  type ShapeOf,
  secondCount,
  tenantId,
  unchecked,
  uniqueListOf,
} from "../../lib/formats/index.ts";
import { componentShape, endpointShape, objectStoreShape } from "../../lib/kubernetes/index.ts";
import { availabilityShape, overridesShape, retentionShape } from "../../lib/sizing/index.ts";
import type { MimirWorkload } from "./capacity.ts";
import type { MimirProps } from "./props.ts";

/** What each part of {@link MimirProps} may be. */
export const mimirShape: ShapeOf<MimirProps> = {
  ...componentShape,
  workload: unchecked,
  retention: retentionShape,
  availability: availabilityShape,
  mode: oneOf("monolithic", "microservices"),
  overrides: overridesShape<MimirWorkload>({
    mimir: true,
    distributor: true,
    ingester: true,
    querier: true,
    "query-frontend": true,
    "query-scheduler": true,
    "store-gateway": true,
    compactor: true,
    ruler: true,
    "overrides-exporter": true,
    "chunks-cache": true,
    "index-cache": true,
    "metadata-cache": true,
    "results-cache": true,
  }),
  objectStore: objectStoreShape,
  bucket,
  bucketLifecycle: secondCount,
  archiveBucket: bucket,
  tenant: tenantId,
  tenants: mapOf(tenantId, mapOf(mimirLimit, unchecked)),
  federatedTenants: uniqueListOf(tenantId),
  promotedResourceAttributes: uniqueListOf(attributeName),
  // Whether the label is dropped depends on its name.
  haClusterLabel: { ...prometheusLabel, structural: true },
  alertmanager: endpointShape,
  ruleConfigMaps: uniqueListOf(dnsSubdomain),
  gatewayRoute: {
    gateway: { name: dnsSubdomain, namespace: dnsLabel },
    hostnames: uniqueListOf(host),
    from: unchecked,
  },
};
