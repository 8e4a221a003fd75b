import * as pulumi from "@pulumi/pulumi";
import { type Endpoint, endpointUrl as plainUrl } from "../kubernetes/index.ts";
import type { Inputs } from "./inputs.ts";
import type { TokenTable } from "./tokens.ts";

/** Endpoints of a chart with an Output wherever free text stands. Numbers and enums are known when the program runs. */
export type Outputs<T> = T extends string
  ? string extends T
    ? pulumi.Output<string>
    : T
  : T extends number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Outputs<Item>[]
      : T extends object
        ? { readonly [K in keyof T]: Outputs<T[K]> }
        : T;

/** Parts of an endpoint that are enums. */
const enums: ReadonlySet<string> = new Set(["scheme", "backend"]);

/** Endpoints with their Outputs restored, so that other components get the same Outputs with their dependencies. */
export function revealEndpoints<T>(value: T, tokens: TokenTable): Outputs<T> {
  return reveal(value, tokens) as Outputs<T>;
}

function reveal(value: unknown, tokens: TokenTable): unknown {
  if (typeof value === "string") return tokens.revealOutput(value);
  if (Array.isArray(value)) return value.map((item) => reveal(item, tokens));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, item]) => [key, enums.has(key) ? item : reveal(item, tokens)]);
  return Object.fromEntries(entries);
}

/**
 * `scheme://host:port/path` of an endpoint; gRPC endpoints have no scheme.
 * @param path what is appended to the path of the endpoint
 */
export function endpointUrl(endpoint: Inputs<Endpoint>, path: pulumi.Input<string> = ""): pulumi.Output<string> {
  return pulumi.all([pulumi.output(endpoint), path]).apply(([to, rest]) => plainUrl(to as Endpoint, rest));
}
