import { checkGrafana } from "../components/grafana/index.ts";
import { checkLoki } from "../components/loki/index.ts";
import { checkMimir } from "../components/mimir/index.ts";
import { checkTraces } from "../components/traces/index.ts";
import type { Finding } from "../lib/sizing/index.ts";
import type { CheckedStack } from "./checks.ts";
import { snippet } from "./issues.ts";
import type { Problem } from "./problem.ts";

/** Where a component's finding stands in a stack's configuration: the start of its place, and the path it means. */
const places: readonly (readonly [start: string, path: readonly string[]])[] = [
  ["retention.mimir", ["retention", "mimir"]],
  ["retention.aggregates", ["retention", "aggregates"]],
  ["retention.loki", ["retention", "loki"]],
  ["retention.traces", ["retention", "traces"]],
  ["cluster.zones", ["cluster", "zones"]],
  ["objectStore.lifecycle", ["components", "*", "bucketLifecycle"]],
  ["objectStore", ["objectStorage"]],
  ["bucket", ["objectStorage", "prefix"]],
  ["traces.", ["components", "traces"]],
];

function problemOf(component: string, { code, at, message, fix }: Finding): Problem {
  const [start, path] = places.find(([prefix]) => at.startsWith(prefix)) ?? ["", ["components", component]];
  const full = path.map((key) => (key === "*" ? component : key));
  const rest = at.slice(start.length).replace(/^\./, "");
  const place = rest && !start ? `${full.join(".")}.${rest}` : full.join(".");
  return { code, path: `skopos:${place}`, message, fix: pasteable(full, fix) };
}

/** A remedy as YAML: a value stands at its place, settings below it, and advice in words becomes a comment. */
function pasteable(path: readonly string[], fix: string): string {
  if (/^\S+$/.test(fix) || /^[[{].*[\]}]$/.test(fix)) return snippet(path, fix);
  if (!/^\w+: /.test(fix)) return `${snippet(path, "...")}  # ${fix}`;
  const lines = fix.split("\n").map((line) => "  ".repeat(path.length) + line);
  return [snippet(path, ""), ...lines].map((line) => line.trimEnd()).join("\n");
}

/** What the components themselves refuse: settings that their programs would accept and fail with later. */
export function checkComponents(stack: CheckedStack): readonly Problem[] {
  const { config, props, workload, retention } = stack;
  const { mimir, loki, grafana } = config.components;
  const found = (component: string, findings: readonly Finding[]) =>
    findings.map((finding) => problemOf(component, finding));
  return [
    ...(props.mimir?.sizing && props.mimir.objectStore
      ? found(
          "mimir",
          checkMimir({
            sizing: props.mimir.sizing,
            workload,
            retention,
            objectStore: props.mimir.objectStore,
            bucket: props.mimir.bucket ?? "",
            cluster: props.cluster,
            tenant: mimir.tenant,
            ...(mimir.bucketLifecycle && { lifecycleSeconds: mimir.bucketLifecycle }),
          }),
        )
      : []),
    ...(props.loki?.sizing && props.loki.objectStore
      ? found(
          "loki",
          checkLoki({
            sizing: props.loki.sizing,
            retentionSeconds: retention.loki,
            logBytesPerDay: workload.logBytesPerDay,
            objectStore: props.loki.objectStore,
            streamRetention: loki.streamRetention,
            ...(loki.bucketLifecycle && { lifecycleSeconds: loki.bucketLifecycle }),
          }),
        )
      : []),
    ...(props.traces?.sizing
      ? found(
          "traces",
          checkTraces({
            sizing: props.traces.sizing,
            retentionSeconds: retention.traces,
            ...(props.traces.storage && { storage: props.traces.storage }),
            ...(props.traces.kafka && { kafka: props.traces.kafka }),
          }),
        )
      : []),
    ...(props.grafana !== "external" && props.grafana?.sizing
      ? found(
          "grafana",
          checkGrafana({
            replicas: props.grafana.sizing.grafana.replicas,
            sharedDatabase: grafana.database !== undefined,
          }),
        )
      : []),
  ];
}
