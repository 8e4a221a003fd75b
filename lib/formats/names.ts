import { byPattern, type Format } from "./format.ts";

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
export const dnsLabel = byPattern(
  "a DNS label",
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "up to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends",
  ["observability"],
);

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
export const dnsSubdomain = byPattern(
  "a DNS subdomain",
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  "lower-case letters, digits, hyphens and dots, with a letter or digit at both ends",
  ["object-storage"],
);

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export const labelKey = byPattern(
  "a label key",
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/,
  "letters, digits and -_., up to 63 of them, after an optional DNS prefix and slash",
  ["topology.kubernetes.io/zone"],
);

/** A key of labels or annotations, or `*` for all of them. */
export const labelKeyOrAll: Format = {
  ...labelKey,
  name: "a key of labels, or *",
  examples: ["team"],
  mistake: (text) => (text === "*" ? undefined : labelKey.mistake(text)),
};

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export const labelValue = byPattern(
  "a label value",
  /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/,
  "up to 63 letters, digits and -_., with a letter or digit at both ends",
  ["eu-central-1a"],
);

/** A key of a Secret or ConfigMap. */
export const secretKeyName = byPattern("a Secret's key", /^[-._a-zA-Z0-9]{1,253}$/, "letters, digits and -_.", [
  "password",
]);

/**
 * The name of a cluster: it becomes a label value of every series, and part of `OTEL_RESOURCE_ATTRIBUTES`, where commas and
 * equals signs separate.
 */
export const clusterName = byPattern(
  "a cluster name",
  /^[A-Za-z0-9]([\w.:/@-]{0,126}[A-Za-z0-9])?$/,
  "up to 128 letters, digits and -_.:/@, with a letter or digit at both ends",
  ["prod-eu"],
);

/** @see https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
export const prometheusLabel = byPattern(
  "a Prometheus label name",
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "letters, digits and underscores, not starting with a digit",
  ["team"],
);

/** A label that a rule may add to its alerts. @see https://prometheus.io/docs/alerting/latest/overview/ */
export const alertLabel: Format = {
  name: "a label of an alert",
  examples: ["team"],
  mistake: (text) =>
    text === "alertname" || text === "severity" ? "the alert sets it itself" : prometheusLabel.mistake(text),
};

/** A label of a rule in Prometheus' own format, in which severity is a label like others. */
export const ruleLabel: Format = {
  name: "a label of a rule",
  examples: ["team"],
  mistake: (text) => (text === "alertname" ? "it is the name of the alert" : prometheusLabel.mistake(text)),
};

/** A tenant of Mimir and Loki. @see https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/ */
export const tenantId: Format = {
  name: "a tenant ID",
  examples: ["anonymous"],
  mistake: (text) =>
    /^[A-Za-z0-9!\-_.*'()]{1,150}$/.test(text) && text !== "." && text !== ".." && text !== "__mimir_cluster"
      ? undefined
      : "up to 150 letters, digits and !-_.*'(), not . or ..",
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const bucket = byPattern(
  "a bucket name",
  /^(?!\d+(\.\d+){3}$)[a-z0-9]([-a-z0-9]|\.(?!\.)){1,61}[a-z0-9]$/,
  "3 to 63 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends",
  ["prod-loki"],
);

/** What a bucket name starts with. The longest name behind it is `mimir-blocks`. */
export const bucketPrefix = byPattern(
  "the start of a bucket name",
  /^([a-z0-9]([-a-z0-9]|\.(?!\.)){0,50})?$/,
  "up to 51 lower-case letters, digits, hyphens and dots, starting with a letter or digit",
  ["prod-"],
);

/** A registry, with a path if its images are below one. */
export const registry = byPattern(
  "a registry",
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
  "a host with an optional port and path, without a scheme",
  ["mirror.example.com/docker"],
);

/** @see https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create */
export const indexPrefix = byPattern(
  "an index prefix",
  /^[a-z0-9][a-z0-9._-]{0,99}$/,
  "up to 100 lower-case letters, digits and -_., starting with a letter or digit",
  ["prod"],
);

/** A Kafka topic. */
export const topic = byPattern("a topic name", /^[a-zA-Z0-9._-]{1,249}$/, "up to 249 letters, digits and -_.", [
  "spans",
]);

/** An attribute of OpenTelemetry's semantic conventions. */
export const attributeName = byPattern(
  "an attribute name",
  /^[A-Za-z][\w.-]*$/,
  "letters, digits and -_., starting with a letter",
  ["service.name"],
);

/** One line of text that is not empty. */
export const line = byPattern("a line of text", /^\S(.*\S)?$/, "one line without space at its ends", ["platform"]);

/** One line of text that can be quoted in an ini file. */
export const iniLine: Format = {
  name: "a line of text",
  examples: ["platform"],
  mistake: (text) =>
    line.mistake(text) ??
    (text.includes("`") && text.includes('"""') ? 'an ini file cannot hold both ` and """' : undefined) ??
    (/\$(__\w+)?\{[^}]+\}/.test(text) ? "Grafana would expand ${NAME}, $__env{NAME} and $__file{path}" : undefined),
};

/** A path or URL to which file names are appended. */
export const location = byPattern(
  "a path or URL",
  /^(?![^/]*:\/\/[^/]*@)[^\s?#]+$/,
  "no spaces, query, fragment or password",
  ["https://runbooks.example.com"],
);

/** A region of an object store. */
export const region = byPattern("a region", /^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens", [
  "eu-central-1",
]);

/** @see https://learn.microsoft.com/en-us/azure/storage/common/storage-account-overview#storage-account-name */
export const storageAccount = byPattern(
  "a storage account",
  /^[a-z0-9]{3,24}$/,
  "3 to 24 lower-case letters and digits",
  ["observability"],
);

/** Any text. */
export const anyText: Format = { name: "a text", examples: ["..."], mistake: () => undefined };

/** Any text that is not empty. */
export const someText = byPattern("a text", /./, "it must not be empty", ["..."]);

/** A minor version of Kubernetes. */
export const kubernetesVersion = byPattern("a Kubernetes version", /^1\.\d{1,3}$/, "a minor version, such as 1.36", [
  "1.36",
]);

/** The path of a URL. */
export const urlPath = byPattern(
  "a path",
  /^\/[^\s?#"'\\]*$/,
  "it starts with a slash and has no spaces, quotes, query or fragment",
  ["/healthz"],
);

/** @see https://httpwg.org/specs/rfc9110.html#fields.names */
export const headerName = byPattern("a header name", /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "letters, digits and hyphens", [
  "X-Scope-OrgID",
]);

/** The name of a team: part of a folder's UID in Grafana, of at most 40 characters. */
export const team = byPattern(
  "a team name",
  /^[A-Za-z0-9_-]{1,35}$/,
  "up to 35 letters, digits, hyphens and underscores",
  ["payments"],
);

/** A tenant of a team: part of a data source's UID in Grafana, of at most 40 characters. */
export const tenantName = byPattern(
  "a tenant of a team",
  /^[a-z0-9][a-z0-9-]{0,24}$/,
  "up to 25 lower-case letters, digits and hyphens",
  ["payments"],
);

/** The name of a limit in Tempo's configuration. */
export const limitName = byPattern("a limit", /^[a-z][a-z0-9_]*$/, "lower-case letters, digits and underscores", [
  "max_global_series_per_user",
]);

/** The name of a port. @see https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports */
export const portName = byPattern(
  "a port name",
  /^(?=.{1,15}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  "up to 15 lower-case letters, digits and hyphens",
  ["http"],
);

/** A variable of a container's environment. */
export const environmentVariable = byPattern(
  "a variable name",
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "letters, digits and underscores, not starting with a digit",
  ["HTTPS_PROXY"],
);

/** An image's repository. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export const imageRepository = byPattern(
  "an image repository",
  /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
  "lower-case path segments without a registry, tag or digest",
  ["grafana/mimir"],
);

/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export const imageTag = byPattern("an image tag", /^\w[\w.-]{0,127}$/, "up to 128 letters, digits and -_.", ["3.2.1"]);

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests */
export const imageDigest = byPattern("an image digest", /^sha256:[0-9a-f]{64}$/, "sha256: and 64 hexadecimal digits", [
  `sha256:${"0".repeat(64)}`,
]);

/** An image with its registry and tag, as pods name it without a digest. @see https://github.com/distribution/reference/blob/v0.6.0/regexp.go */
export const taggedImage = byPattern(
  "an image reference",
  /^[a-z0-9][-a-z0-9._]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+:\w[\w.-]{0,127}$/,
  "a registry, a repository and a tag",
  ["docker.io/grafana/mimir:3.2.1"],
);

/** A name in which `*` stands for any text. */
export const wildcard = byPattern(
  "a name or a pattern",
  /^[A-Za-z0-9*]([-\w.:*]*[A-Za-z0-9*])?$/,
  "letters, digits, hyphens and dots; * stands for any text",
  ["mimir-*"],
);

/** @see https://datatracker.ietf.org/doc/html/rfc6901 */
export const jsonPointer = byPattern(
  "a JSON pointer",
  /^(\/([^~/]|~[01])*)+$/,
  "it starts with a slash; ~1 stands for a slash in a key, ~0 for a tilde",
  ["/spec/replicas"],
);

/** @see https://prometheus.io/docs/prometheus/3.0/configuration/configuration/ `<duration>` */
export const prometheusDuration = byPattern(
  "a duration",
  /^((\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?)(?<=\d[a-z]+)$/,
  "numbers with units, such as 10m or 1h30m",
  ["10m"],
);
