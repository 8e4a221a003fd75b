import { validateLoadBalancer, validateOptions, validateRoutedHost } from "../../lib/kubernetes/index.ts";
import { dataSources } from "../../lib/monitoring/data-sources.ts";
import {
  alreadyExists,
  type Finding,
  removeItem,
  repeated,
  validateCounts,
  validateProps,
  validateWorkload,
} from "../../lib/sizing/index.ts";
import type { AdditionalDataSource } from "./additional-sources.ts";
import { ofTenant } from "./data-sources.ts";
import { type GrafanaProps, loadOf } from "./props.ts";
import { grafanaShape } from "./shape.ts";
import { idleBytes, sizeGrafana } from "./sizing.ts";

/** Finds every mistake in the props of a {@link GrafanaChart}. */
export function validateGrafana(props: GrafanaProps): readonly Finding[] {
  return validateProps(props, grafanaShape, () => combinations(props));
}

function combinations(props: GrafanaProps): readonly Finding[] {
  const load = loadOf(props);
  const numbers = [...validateWorkload(load.workload), ...validateCounts({ replicas: props.replicas })];
  const sized = () => [
    ...validateReplicas(props),
    ...validateOptions(props, { main: { size: sizeGrafana(load).grafana, idleBytes } }),
  ];
  const plugins = (props.plugins ?? []).map(({ id }) => id);
  const twice = plugins.flatMap((id, index) =>
    plugins.indexOf(id) === index ? [] : [repeated(`plugins[${index}]`, id, index)],
  );
  const { additional = [], tenants = {} } = props.sources ?? {};
  return [
    ...numbers,
    ...(numbers.length > 0 ? [] : sized()),
    ...validateRoute(props),
    ...twice,
    ...validateSources("sources.additional", additional, Object.keys(tenants)),
  ];
}

/**
 * Finds additional data sources with the name or UID of another one, with which Grafana does not start.
 * @param tenants those with data sources of their own
 * @see https://github.com/grafana/grafana/issues/110740
 */
export function validateSources(
  at: string,
  additional: readonly Pick<AdditionalDataSource, "name" | "uid">[],
  tenants: readonly string[],
): readonly Finding[] {
  const all = [
    ...Object.values(dataSources),
    ...tenants.flatMap((tenant) => [ofTenant(dataSources.metrics, tenant), ofTenant(dataSources.logs, tenant)]),
  ];
  return additional.flatMap(({ name, uid }, index) => {
    const others = [...all, ...additional.slice(0, index)];
    const taken = [
      ...(others.some((other) => other.uid === uid) ? [`data source ${uid}`] : []),
      ...(others.some((other) => other.name === name) ? [`data source named ${name}`] : []),
    ];
    return taken.slice(0, 1).map((what) => alreadyExists(`${at}[${index}]`, what, removeItem(index)));
  });
}

/** Each of several replicas with its own SQLite file would have its own users, sessions and folders. */
function validateReplicas(props: GrafanaProps): Finding[] {
  const { replicas } = sizeGrafana(loadOf(props)).grafana;
  if (replicas < 2 || props.database) return [];
  return [
    {
      code: "SKP1215",
      at: "replicas",
      message: `${replicas} replicas, each with its own SQLite file`,
      fix: "database: {host: postgres.example.com, name: grafana, user: grafana, password: {secret: grafana-database, key: password}}",
    },
  ];
}

function validateRoute({ host, route }: GrafanaProps): Finding[] {
  if (!route) return [];
  if (host) {
    const wrong = validateRoutedHost("host", host, "grafana.example.com");
    return wrong.length > 0 ? wrong : validateLoadBalancer("route", route);
  }
  return [{ code: "SKP1248", at: "route", message: `${route.kind}, without host`, fix: "host: grafana.example.com" }];
}
