import { type Collector, collectorRule, type Section, typeOf } from "../../engine/collectors.ts";
import { type Edit, type Rule, remove, set } from "../../engine/rule.ts";
import { fields, text } from "../../engine/values.ts";

/** A component that a release of the collector took away or gave another name. */
interface RemovedComponent {
  readonly section: Section;
  /** Its type, without underscores. */
  readonly type: string;
  /** The first release without it. */
  readonly since: string;
  /** What to use; the type of another component of the section where one takes its place as it is. */
  readonly instead: { readonly type: string } | { readonly text: string };
  /** Where the change log names it. */
  readonly source: string;
}

const gone = (
  section: Section,
  type: string,
  since: string,
  instead: RemovedComponent["instead"],
  source: string,
): RemovedComponent => ({ section, type, since, instead, source });

const otlp = { type: "otlp_grpc" };
const receivesOtlp = { type: "otlp" };
const nobody = { text: "nothing in its place" };

/**
 * Removals in the change logs of the collector and its contrib repository up to v0.159.0, for sections `exporters`,
 * `receivers`, `processors` and `extensions`. Numbers are pull requests and issues of those repositories.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/CHANGELOG.md
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.159.0/CHANGELOG.md
 */
const removed: readonly RemovedComponent[] = [
  gone("exporters", "logging", "v0.111.0", { type: "debug" }, "opentelemetry-collector#11037"),
  gone("exporters", "loki", "v0.131.0", { type: "otlp_http" }, "contrib#41413"),
  gone("exporters", "jaeger", "v0.86.0", otlp, "contrib#26546"),
  gone("exporters", "opencensus", "v0.134.0", otlp, "contrib#36791"),
  gone("exporters", "sapm", "v0.148.0", { type: "otlp_http" }, "contrib#46555"),
  gone("exporters", "instana", "v0.111.0", otlp, "contrib#35367"),
  gone("exporters", "kinetica", "v0.131.0", nobody, "contrib#38911"),
  gone("exporters", "parquet", "v0.88.0", { type: "file" }, "contrib#27284"),
  gone("exporters", "tanzuobservability", "v0.92.0", otlp, "contrib#30184"),
  gone("exporters", "skywalking", "v0.105.0", nobody, "contrib#23796"),
  gone("exporters", "dynatrace", "v0.99.0", { type: "otlp_http" }, "contrib#32278"),
  gone("exporters", "f5cloud", "v0.96.0", nobody, "contrib#31531"),
  gone("exporters", "jaegerthrift", "v0.86.0", otlp, "contrib#26546"),
  gone("exporters", "humio", "v0.71.0", otlp, "contrib#17013"),
  gone("exporters", "observiq", "v0.60.0", nobody, "contrib#12406"),
  gone("exporters", "newrelic", "v0.51.0", otlp, "contrib#9894"),
  gone("exporters", "stackdriver", "v0.50.0", { type: "googlecloud" }, "contrib#9274"),
  gone("receivers", "opencensus", "v0.134.0", receivesOtlp, "contrib#36791"),
  gone("receivers", "sapm", "v0.135.0", receivesOtlp, "contrib#41411"),
  gone("receivers", "prometheusexec", "v0.83.0", { type: "prometheus" }, "contrib#24740"),
  gone("receivers", "promtail", "v0.72.0", { type: "file_log" }, "contrib#18474"),
  gone("receivers", "bigip", "v0.147.0", nobody, "contrib#46040"),
  gone(
    "receivers",
    "jmx",
    "v0.157.0",
    { text: "the JMX scraper, a program of its own that sends OTLP" },
    "contrib#45740",
  ),
  gone("processors", "routing", "v0.133.0", { text: "the connector routing" }, "contrib#19739"),
  gone("processors", "spanmetrics", "v0.96.0", { text: "the connector span_metrics" }, "contrib#29567"),
  gone("processors", "servicegraph", "v0.94.0", { text: "the connector service_graph" }, "contrib#26091"),
  gone("processors", "datadog", "v0.94.0", { text: "the connector datadog" }, "contrib#31026"),
  gone("processors", "datadogsemantics", "v0.148.0", nobody, "contrib#46893"),
  gone("processors", "experimentalmetricsgeneration", "v0.112.0", { type: "metrics_generation" }, "contrib#35426"),
  gone(
    "processors",
    "queuedretry",
    "v0.19.0",
    { text: "sending_queue and retry_on_failure of the exporters" },
    "opentelemetry-collector v0.19.0",
  ),
  gone("extensions", "memoryballast", "v0.109.0", { text: "GOMEMLIMIT" }, "opentelemetry-collector#10671"),
  gone("extensions", "fluentbit", "v0.72.0", nobody, "contrib#18505"),
];

const removedComponents = collectorRule(
  {
    id: "collectors/removed-components",
    title: "No component is used that the collector no longer has",
    severity: "error",
    why: `The collector does not start with a component that it does not know. Removed so far: ${removed.map(({ section, type, since, source }) => `${section} ${type} (${since}, ${source})`).join(", ")}.`,
    remedy: "Use the component that replaced it.",
  },
  function* (collector) {
    const image = text(collector.container?.fields.image) ?? "";
    const version = /:v?(\d+)\.(\d+)/.exec(image);
    for (const { section, type, since, instead } of removed) {
      for (const id of Object.keys(fields(collector.config[section]))) {
        const [, minor = "0"] = /^v0\.(\d+)/.exec(since) ?? [];
        const older = version !== null && Number(version[1]) === 0 && Number(version[2]) < Number(minor);
        if (typeOf(id) !== type || older) continue;
        yield {
          message: `${type} was removed in ${since}; it is now ${"type" in instead ? instead.type : instead.text}`,
          path: [...collector.path, section, id],
          fix: replaced(collector, section, id, "type" in instead ? instead.type : undefined),
        };
      }
    }
  },
);

/** Another component in place of one, or none, in its section and wherever its name stands. */
function replaced(collector: Collector, section: Section, id: string, type: string | undefined): readonly Edit[] {
  const name = type && (id.includes("/") ? `${type}/${id.split("/")[1]}` : type);
  const without = (ids: readonly string[]) => ids.flatMap((each) => (each !== id ? each : name ? [name] : []));
  const extensions = fields(collector.config.service).extensions;
  return [
    remove([...collector.path, section, id]),
    ...(name ? [set([...collector.path, section, name], settingsOf(section, name))] : []),
    ...(section === "extensions" && Array.isArray(extensions)
      ? [set([...collector.path, "service", "extensions"], without(extensions))]
      : []),
    ...collector.pipelines.flatMap((pipeline) => {
      if (section === "extensions" || section === "connectors" || !pipeline[section].includes(id)) return [];
      return [set([...pipeline.path, section], without(pipeline[section]))];
    }),
  ];
}

/** The least that a component has to be told. */
const settingsOf = (section: Section, name: string): object =>
  section === "exporters" && typeOf(name) !== "debug" ? { endpoint: "<endpoint>" } : {};

/** Rules about components that the collector had once. */
export const removedComponentRules: readonly Rule[] = [removedComponents];
