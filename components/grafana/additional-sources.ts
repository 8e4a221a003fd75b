import { createHash } from "node:crypto";
import type { SecretKey } from "../../lib/kubernetes/index.ts";
import type { DataSource } from "./data-sources.ts";

/** A data source beside those of the stack. */
export interface AdditionalDataSource {
  /** Name, unique in Grafana. */
  readonly name: string;
  /** UID, which dashboards contain. */
  readonly uid: string;
  /** ID of its plugin: `prometheus`, `loki`, `elasticsearch`, `grafana-postgresql-datasource`. */
  readonly type: string;
  readonly url: string;
  /** Settings of the plugin. @default none */
  readonly jsonData?: Readonly<Record<string, unknown>>;
  /** User name of basic authentication; the password is the secret `basicAuthPassword`. @default none */
  readonly basicAuthUser?: string;
  /** Secret settings of the plugin: `password`, `httpHeaderValue1`. @default none */
  readonly secrets?: Readonly<Record<string, SecretKey>>;
}

/** Variable of Grafana's container with one secret setting. The hash distinguishes `orders-db` from `orders_db`. */
function variable(uid: string, setting: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([uid, setting]))
    .digest("hex")
    .slice(0, 16);
  return `DATA_SOURCE_${uid}_${setting}_${hash}`.replaceAll(/\W/g, "_").toUpperCase();
}

/** A data source in Grafana's provisioning format, which refers to its secrets by variables. */
export function additionalSource({
  secrets = {},
  basicAuthUser,
  jsonData = {},
  ...source
}: AdditionalDataSource): DataSource {
  const variables = Object.keys(secrets).map((setting) => [setting, variable(source.uid, setting)] as const);
  return {
    ...source,
    access: "proxy",
    isDefault: false,
    editable: false,
    jsonData,
    ...(basicAuthUser !== undefined && { basicAuth: true, basicAuthUser }),
    ...(variables.length > 0 && { secretVariables: Object.fromEntries(variables) }),
  };
}

/** Variables of Grafana's container with the secret settings of all data sources. */
export function secretsEnv(sources: readonly AdditionalDataSource[]): Readonly<Record<string, SecretKey>> {
  return Object.fromEntries(
    sources.flatMap(({ uid, secrets = {} }) =>
      Object.entries(secrets).map(([setting, key]) => [variable(uid, setting), key] as const),
    ),
  );
}
