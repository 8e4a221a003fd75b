import {
  between,
  bucket,
  flag,
  httpUrl,
  indexPrefix,
  limitName,
  mapOf,
  oneOf,
  type ShapeOf,
  topic,
  unchecked,
  uniqueListOf,
} from "../../lib/formats/index.ts";
import {
  componentShape,
  endpointShape,
  objectStoreShape,
  secretKeyShape,
  serverShape,
} from "../../lib/kubernetes/index.ts";
import { availabilityShape, overridesShape, retentionShape } from "../../lib/sizing/index.ts";
import type { TracesWorkload } from "./capacity.ts";
import type { TracesProps } from "./props.ts";

const credentials = { username: secretKeyShape, password: secretKeyShape };

/** What each part of {@link TracesProps} may be. */
export const tracesShape: ShapeOf<TracesProps> = {
  ...componentShape,
  backend: oneOf("jaeger", "tempo"),
  workload: unchecked,
  retention: retentionShape,
  availability: availabilityShape,
  mode: oneOf("monolithic", "microservices"),
  keepPercent: between(0, 100),
  flowSpansPerSecond: between(0, 1e9),
  overrides: overridesShape<TracesWorkload>({
    jaeger: true,
    tempo: true,
    distributor: true,
    "live-store": true,
    "block-builder": true,
    querier: true,
    "query-frontend": true,
    "backend-scheduler": true,
    "backend-worker": true,
    "metrics-generator": true,
  }),
  storage: {
    kind: oneOf("badger", "elasticsearch", "opensearch"),
    urls: uniqueListOf(httpUrl),
    credentials,
    indexPrefix,
    retention: oneOf("cleaner", "ilm"),
  },
  objectStore: objectStoreShape,
  bucket,
  kafka: { address: serverShape, topic, tls: flag, credentials },
  limits: mapOf(limitName, unchecked),
  metrics: endpointShape,
};
