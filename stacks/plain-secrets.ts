import { looksSecret } from "../lib/formats/index.ts";
import { removeKey } from "../lib/sizing/index.ts";
import { plainTextSecret } from "./issues.ts";
import type { Problem } from "./problem.ts";
import { collectorSettings } from "./schema/collectors.ts";
import type { StackConfig } from "./schema.ts";
import { snippet } from "./snippet.ts";

type Path = readonly PropertyKey[];

/** Settings with secrets: names as the collector's components have them. */
export const secretSetting = /^(.*[-_])?(api[-_]?key|authorization|password|secret|token|credentials?)$/i;

/** Settings with secrets of Grafana's data sources, which Grafana stores encrypted if they are in `secureJsonData`. */
const secretOfDataSource =
  /^httpHeaderValue\d+$|(pass(word|phrase)|secret|token|(api|access|private|client)[-_]?key|authorization)$/i;

/** Parameters of URLs with secrets. */
const secretParameter = /(key|token|secret|passw(or)?d|credentials?|signature)$|^(auth|pwd|sig)$/i;

/** Headers without secrets. Those of vendors may be keys, whatever they are called. */
const harmlessHeader =
  /^(accept(-(encoding|language))?|cache-control|content-(encoding|language|type)|user-agent|x-prometheus-remote-write-version|x-grafana-org-id|x-honeycomb-dataset|stream-name|(x-)?((scope|thanos)-?)?(account|dataset|org|organization|project|tenant)([-_]?(id|name))?)$/i;

const authorized = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/i;

/** What a header may contain beside a reference: the scheme of an Authorization. */
const scheme = /^((Api-Token|ApiKey|Basic|Bearer|GenieKey|Key|Splunk|Token) ?)?$/i;

/** A text of a collector without its references to variables and files. `$$` is a dollar sign, and a default is text. */
const withoutReferences = (text: string): string =>
  text.replaceAll("$$", "\0").replaceAll(/\$\{(?:(?:env:)?[A-Za-z_]\w*|file:[^}]+)\}/g, "");

const hasSecretParameter = (text: string): boolean =>
  [...text.matchAll(/[?&]([^=&#\s]+)=[^&#\s]/g)].some(([, name = ""]) => secretParameter.test(name));

const isSecretText = (text: string): boolean =>
  looksSecret([], text) || authorized.test(text) || (/^https?:/i.test(text) && hasSecretParameter(text));

/** The texts in a value, each with its place. */
function textsIn(value: unknown, path: Path): readonly (readonly [path: Path, text: string])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]));
  if (value !== null && typeof value === "object")
    return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
  return typeof value === "string" || typeof value === "number" ? [[path, String(value)]] : [];
}

const keyOf = (path: Path): string => path.findLast((each) => typeof each === "string") as string;

/** Values of headers that are no references: of a mapping, or of a list of items with a name and a value. */
function plainHeaders(headers: unknown, path: Path): readonly Path[] {
  if (headers === null || typeof headers !== "object") return [];
  const named: readonly (readonly [name: string, value: unknown, path: Path])[] = Array.isArray(headers)
    ? headers.flatMap((item, index) =>
        ["value", "default_value"]
          .filter((key) => item?.[key] !== undefined)
          .map((key) => [String(item.name ?? item.key), item[key], [...path, index, key]] as const),
      )
    : Object.entries(headers).map(([name, value]) => [name, value, [...path, name]] as const);
  return named.flatMap(([name, value, place]) =>
    textsIn(value, place)
      .filter(([, text]) => {
        const rest = withoutReferences(text);
        return harmlessHeader.test(name) ? isSecretText(rest) : !scheme.test(rest);
      })
      .map(([found]) => found),
  );
}

/** Places of secrets in the settings of a collector's components, whose values would be in a ConfigMap. */
function secretsIn(value: unknown, path: Path): readonly Path[] {
  const key = keyOf(path);
  if (/headers$/i.test(key) && key !== "response_headers" && value !== null && typeof value === "object")
    return plainHeaders(value, path);
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsIn(item, [...path, index]));
  if (value !== null && typeof value === "object")
    return Object.entries(value).flatMap(([name, item]) => secretsIn(item, [...path, name]));
  if (typeof value !== "string") return [];
  const rest = withoutReferences(value);
  return (secretSetting.test(key) ? !scheme.test(rest) : isSecretText(rest)) ? [path] : [];
}

function secretsOfCollectors({ extra }: StackConfig): readonly Problem[] {
  return collectorSettings(extra.collectors)
    .flatMap(([path, settings]) => secretsIn(settings, path))
    .map((path) => {
      const variable = keyOf(path)
        .replaceAll(/\W+/g, "_")
        .replace(/^(?=\d)/, "_")
        .toUpperCase();
      const fix = `"\${env:${variable}}" # and secrets: {${variable}: {secret: name-of-the-secret, key: key-in-it}}`;
      return plainTextSecret(path, snippet(path, fix));
    });
}

function secretsOfRemoteWrites({ extra }: StackConfig): readonly Problem[] {
  return extra.remoteWrites.flatMap(({ headers = {} }, index) =>
    Object.entries(headers)
      .filter(([name, value]) => !harmlessHeader.test(name) || isSecretText(value))
      .map(([name]) =>
        plainTextSecret(
          ["extra", "remoteWrites", index, "headers", name],
          removeKey(
            name,
            "basicAuth and bearerToken refer to Secrets, and so do the headers of a collector's exporter",
          ),
        ),
      ),
  );
}

function secretsOfDataSources({ extra }: StackConfig): readonly Problem[] {
  return extra.dataSources.flatMap(({ jsonData = {} }, index) =>
    textsIn(jsonData, ["extra", "dataSources", index, "jsonData"])
      .filter(([path, text]) => secretOfDataSource.test(keyOf(path)) || isSecretText(text))
      .map(([path]) => {
        const key = keyOf(path);
        return plainTextSecret(
          path,
          typeof path.at(-1) === "number"
            ? `# remove item ${Number(path.at(-1)) + 1} of the list`
            : removeKey(key, `write secrets: {${key}: {secret: name-of-the-secret, key: key-in-it}} beside jsonData`),
        );
      }),
  );
}

/** Parameters of scrapes: an authorization that refers to a Secret takes their place. */
function secretsOfScrapes({ extra }: StackConfig): readonly Problem[] {
  return extra.scrapes.flatMap(({ spec: { params } }, index) =>
    Object.entries(typeof params === "object" && params !== null ? params : {})
      .filter(
        ([name, values]) => secretParameter.test(name) || textsIn(values, []).some(([, text]) => isSecretText(text)),
      )
      .map(([name]) =>
        plainTextSecret(
          ["extra", "scrapes", index, "spec", "params", name],
          removeKey(name, "authorization, basicAuth and oauth2 refer to Secrets"),
        ),
      ),
  );
}

/** Secrets in additions whose values would be in ConfigMaps and custom resources. The values are not repeated. */
export const plainSecretsOf = (config: StackConfig): readonly Problem[] => [
  ...secretsOfCollectors(config),
  ...secretsOfRemoteWrites(config),
  ...secretsOfDataSources(config),
  ...secretsOfScrapes(config),
];
