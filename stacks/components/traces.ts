import { z } from "zod";
import type { ExternalEndpoints, ObservabilityProps } from "../../components/observability.ts";
import { tempoServices, validateTraces } from "../../components/traces/index.ts";
import { hostPort, httpUrl, indexPrefix, topic } from "../../lib/formats/index.ts";
import type { CheckedStack } from "../checks.ts";
import { externalEndpoint, externalGrpc } from "../external.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import { text, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import type { ResolvedStack } from "../resolve.ts";
import { optionsIn, workloadOptions, workloadsSchema } from "../schema/options.ts";
import { secretKeySchema } from "../schema/secret.ts";
import { switchable } from "../schema/switch.ts";
import type { StackConfig } from "../schema.ts";
import { bucketPrerequisite, type Prerequisite } from "./needs.ts";

const backend = z.enum(["jaeger", "tempo"]);

const credentials = z
  .strictObject({
    username: secretKeySchema.describe("Secret key with the user name."),
    password: secretKeySchema.describe("Secret key with the password."),
  })
  .optional();

const searchStorage = z.strictObject({
  kind: z.enum(["elasticsearch", "opensearch"]).describe("The search engine."),
  urls: unique(text(httpUrl).describe("URL of a node or load balancer."))
    .min(1)
    .describe("Addresses of the search engine: https://search.example.com:9200."),
  credentials: credentials.describe("Basic authentication."),
  indexPrefix: text(indexPrefix).optional().describe("Prefix of Jaeger's index names."),
  retention: z
    .enum(["cleaner", "ilm"])
    .optional()
    .describe("What deletes old indices: a CronJob (cleaner), or the search engine's own lifecycle policy (ilm)."),
});

const kafka = z.strictObject({
  address: text(hostPort).describe("Host and port of a broker: kafka.example.com:9092."),
  topic: text(topic).optional().describe("Topic of the spans."),
  tls: z.boolean().optional().describe("Whether to connect over TLS."),
  credentials: credentials.describe("SASL authentication."),
});

export const schema = switchable(
  {
    ...workloadOptions,
    workloads: workloadsSchema(tempoServices),
    external: z
      .strictObject({
        backend: backend.describe("The kind of backend, for Grafana's data source."),
        otlp: text(httpUrl).describe("OTLP/gRPC endpoint: http:// for plain text, https:// for TLS."),
        query: text(httpUrl).describe("Query API, for Grafana."),
      })
      .optional()
      .describe("An externally managed trace backend: nothing is deployed."),
    backend: backend.default("jaeger").describe("Which backend to deploy."),
    storage: searchStorage
      .optional()
      .describe("Search engine that Jaeger stores spans in. By default a local disk of its single pod."),
    kafka: kafka.optional().describe("Kafka cluster for the scalable form of Tempo."),
  },
  true,
).describe("Storage of sampled traces.");

export function settings({ config, objectStore, bucketPrefix }: Facts): Partial<ObservabilityProps> {
  const { traces, otelGateway } = config.components;
  if (!traces.enabled || traces.external) return {};
  return {
    traces: withoutUndefined({
      backend: traces.backend,
      keepPercent: otelGateway.enabled ? otelGateway.tailSampling.keepPercent : undefined,
      objectStore,
      bucket: `${bucketPrefix}tempo`,
      storage: traces.storage && withoutUndefined(traces.storage),
      ...optionsIn(traces),
      kafka: traces.kafka && withoutUndefined(traces.kafka),
    }),
  };
}

export function external({ components: { traces } }: StackConfig): ExternalEndpoints {
  if (!traces.external) return {};
  const { backend, otlp, query } = traces.external;
  return {
    traces: {
      otlp: { ...externalGrpc(otlp), backend },
      query: { ...externalEndpoint({ url: query }), backend },
    },
  };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { traces } = stack.props;
  return traces ? problemsOfComponent("traces", validateTraces({ ...sharedProps(stack), ...traces })) : [];
}

export function prerequisites({ config }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, external, backend } = config.components.traces;
  return enabled && !external && backend === "tempo" ? bucketPrerequisite(config, "tempo") : [];
}
