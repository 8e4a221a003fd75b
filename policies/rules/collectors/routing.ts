import { z } from "zod";
import {
  type Collector,
  collectorRule,
  collectors,
  component,
  replicasOf,
  samplingGateways,
  serviceIn,
  servicesOf,
  typeOf,
} from "../../engine/collectors.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { duration } from "../../engine/quantities.ts";
import { type Problem, type Rule, set } from "../../engine/rule.ts";
import { at, fields, isFields, number, text, texts } from "../../engine/values.ts";

/** Collectors that expose metrics on a port of their own and of which there are several. */
const exposers = (objects: ObjectSet): readonly Collector[] =>
  objects.once("exposing gateways", () =>
    collectors(objects).filter(
      (collector) =>
        (replicasOf(collector) ?? 1) > 1 &&
        collector.pipelines.some(
          ({ signal, exporters }) => signal === "metrics" && exporters.some((id) => typeOf(id) === "prometheus"),
        ),
    ),
  );

/** The Service that an exporter sends to. */
function destination(collector: Collector, id: string): string | undefined {
  const settings = component(collector, "exporters", id);
  const { namespace } = collector.object;
  if (typeOf(id) !== "loadbalancing") return serviceIn(text(settings.endpoint), namespace);
  const resolver = fields(settings.resolver);
  return serviceIn(text(fields(resolver.k8s).service) ?? text(fields(resolver.dns).hostname), namespace);
}

const traceRouting = collectorRule(
  {
    id: "collectors/trace-routing",
    title: "Every sender routes traces by trace id to several sampling gateways",
    severity: "error",
    why: "A gateway decides on the spans it has seen. Through an ordinary Service the spans of one trace reach different gateways: each decides about a part, errors are kept without their callers, and latency is measured on pieces. https://opentelemetry.io/docs/collector/deploy/gateway/",
    remedy:
      "Send traces with the load_balancing exporter, `routing_key: traceID`, to the headless Service of the gateways.",
  },
  function* (collector, { set: objects }) {
    for (const gateway of samplingGateways(objects)) {
      if (gateway === collector) continue;
      const services = servicesOf(objects, gateway);
      for (const pipeline of collector.pipelines.filter(({ signal }) => signal === "traces")) {
        for (const id of pipeline.exporters) {
          const to = destination(collector, id);
          if (to === undefined || !services.includes(to)) continue;
          yield* routed(
            collector,
            id,
            objects,
            to,
            reachesSampler(gateway, component(collector, "exporters", id)) ? "traceID" : undefined,
          );
        }
      }
    }
  },
);

/** Whether what an exporter sends arrives in a pipeline with tail sampling: its port is that of one of the pipeline's receivers. */
function reachesSampler(gateway: Collector, settings: Readonly<Record<string, unknown>>): boolean {
  const resolved = at(settings, "resolver", "k8s", "ports");
  const named = text(settings.endpoint) ?? text(at(settings, "resolver", "dns", "port"));
  const ports = Array.isArray(resolved) ? resolved.map(Number) : [Number(/(\d+)$/.exec(named ?? "")?.[1] ?? 4317)];
  const receivers = gateway.pipelines
    .filter(({ processors }) => processors.some((id) => typeOf(id) === "tailsampling"))
    .flatMap((pipeline) => pipeline.receivers);
  const own = receivers.flatMap((id) =>
    Object.entries(fields(component(gateway, "receivers", id).protocols)).map(([protocol, each]) =>
      Number(/:(\d+)$/.exec(text(fields(each).endpoint) ?? "")?.[1] ?? (protocol === "grpc" ? 4317 : 4318)),
    ),
  );
  return own.length === 0 || own.some((port) => ports.includes(port));
}

function* routed(
  collector: Collector,
  id: string,
  objects: ObjectSet,
  service: string,
  key: string | undefined,
): Generator<Problem> {
  const path = [...collector.path, "exporters", id];
  const settings = component(collector, "exporters", id);
  const [namespace = "", name = ""] = service.split("/");
  const headless = headlessOf(objects, namespace, name);
  if (typeOf(id) !== "loadbalancing") {
    yield {
      message: `${id} sends traces to the Service ${service}, which spreads the spans of one trace over several sampling gateways`,
      path,
      fix: balanced(collector, id, `${headless}.${namespace}`, "traceID"),
    };
    return;
  }
  const routing = text(settings.routing_key) ?? "traceID";
  if (key !== undefined && routing !== key) {
    yield {
      message: `${id} routes by ${routing}: the spans of one trace reach several gateways`,
      path: [...path, "routing_key"],
      fix: [set([...path, "routing_key"], key)],
    };
  }
  const found = objects.service(namespace, name);
  if (found && !found.headless && isFields(at(settings, "resolver", "dns"))) {
    const place = [...path, "resolver", "dns", "hostname"];
    yield {
      message: `${id} resolves ${service}, which is not headless: it has one address and nothing to choose from`,
      path: place,
      fix: [set(place, `${headless}.${namespace}.svc`)],
    };
  }
}

/** Name of a headless Service over the same pods. */
function headlessOf(objects: ObjectSet, namespace: string, name: string): string {
  const service = objects.service(namespace, name);
  const other = objects.services.find(
    (each) =>
      each.headless &&
      each.namespace === namespace &&
      JSON.stringify(each.selector) === JSON.stringify(service?.selector),
  );
  return other?.name ?? `${name}-headless`;
}

/** A load balancing exporter in place of a plain one, in the pipelines of a signal. */
function balanced(collector: Collector, id: string, service: string, key: string, signal = "traces") {
  const name = `load_balancing/${id.replaceAll("/", "-")}`;
  return [
    set([...collector.path, "exporters", name], {
      routing_key: key,
      protocol: { otlp: { tls: { insecure: true } } },
      resolver: { k8s: { service } },
    }),
    ...collector.pipelines
      .filter((pipeline) => pipeline.signal === signal && pipeline.exporters.includes(id))
      .map(({ path, exporters }) =>
        set(
          [...path, "exporters"],
          exporters.map((each) => (each === id ? name : each)),
        ),
      ),
  ];
}

const seriesRouting = collectorRule(
  {
    id: "collectors/series-routing",
    title: "Every sender routes a series to one of several gateways that expose metrics",
    severity: "error",
    why: "The Prometheus exporter holds the last value of each series. Through an ordinary Service a series reaches one gateway now and another later: both expose it, one with a stale value, and a counter seems to be reset at each change.",
    remedy:
      "Send metrics with the load_balancing exporter, `routing_key: streamID` or `service`, to the headless Service of the gateways.",
  },
  function* (collector, { set: objects }) {
    for (const gateway of exposers(objects)) {
      if (gateway === collector) continue;
      const services = servicesOf(objects, gateway);
      for (const pipeline of collector.pipelines.filter(({ signal }) => signal === "metrics")) {
        for (const id of pipeline.exporters) {
          const to = destination(collector, id);
          if (to === undefined || !services.includes(to)) continue;
          const path = [...collector.path, "exporters", id];
          const [namespace = "", name = ""] = to.split("/");
          const key = text(component(collector, "exporters", id).routing_key);
          if (
            typeOf(id) === "loadbalancing" &&
            key !== undefined &&
            ["streamID", "service", "metric", "resource", "attributes"].includes(key)
          )
            continue;
          if (typeOf(id) === "loadbalancing") {
            const place = [...path, "routing_key"];
            yield {
              message: `${id} routes metrics by ${key ?? "traceID"}, which metrics have not`,
              path: place,
              fix: [set(place, "streamID")],
            };
            continue;
          }
          yield {
            message: `${id} sends metrics to the Service ${to}, behind which ${replicasOf(gateway)} gateways expose them`,
            path,
            fix: balanced(collector, id, `${headlessOf(objects, namespace, name)}.${namespace}`, "streamID", "metrics"),
          };
        }
      }
    }
  },
);

/** Settings of the tail sampling processors of a collector. */
const tailSampling = (collector: Collector) =>
  Object.keys(fields(collector.config.processors))
    .filter((id) => typeOf(id) === "tailsampling")
    .map((id) => ({
      id,
      settings: component(collector, "processors", id),
      path: [...collector.path, "processors", id],
    }));

const decisionWait = collectorRule(
  {
    id: "collectors/decision-wait",
    title: "A sampling gateway may finish its decisions before it is killed",
    severity: "error",
    why: "At shutdown the processor decides on what it holds. With a grace period shorter than the wait, each update loses the traces of that time.",
    remedy: "Make the grace period longer than decision_wait.",
  },
  function* (collector) {
    for (const { id, settings, path } of tailSampling(collector)) {
      const wait = duration(settings.decision_wait) ?? 30;
      for (const pod of collector.pods) {
        const grace = pod.gracePeriodSeconds;
        if (wait < grace) continue;
        const place = [...path, "decision_wait"];
        yield {
          message: `${id} waits ${wait} s, and ${pod.object.id} is killed after ${grace} s`,
          path: place,
          fix: [{ object: pod.object, path: [...pod.specPath, "terminationGracePeriodSeconds"], value: wait + 30 }],
        };
      }
    }
  },
);

const traceCount = collectorRule(
  {
    id: "collectors/traces-held",
    title: "A sampling gateway holds all traces of its wait, also with one replica down",
    severity: "error",
    needs: ["spansPerSecond", "spansPerTrace"],
    why: "Beyond num_traces the oldest trace is dropped before its decision, errors and slow ones among them. With one replica down the others carry its share.",
    remedy: "num_traces ≥ traces per second × decision_wait / (replicas − 1).",
  },
  function* (collector, { set: objects }) {
    const { spansPerSecond = 0, spansPerTrace = 1 } = objects.facts;
    const replicas = replicasOf(collector);
    if (replicas === undefined || replicas === 0) return;
    for (const { id, settings, path } of tailSampling(collector)) {
      const wait = duration(settings.decision_wait) ?? 30;
      const held = number(settings.num_traces) ?? 50_000;
      // Rounded, so that no dust of binary fractions becomes a trace.
      const needed = Math.ceil(Math.fround(((spansPerSecond / spansPerTrace) * wait) / Math.max(1, replicas - 1)));
      if (held >= needed) continue;
      const place = [...path, "num_traces"];
      yield {
        message: `${id} holds ${held} traces; with one of ${replicas} replicas down ${needed} are in flight`,
        path: place,
        fix: [set(place, Math.ceil(needed * 1.5))],
      };
    }
  },
);

const orphans = collectorRule(
  {
    id: "collectors/orphaned-spans",
    title: "No filter before sampling drops the parents of other spans",
    severity: "warning",
    why: "A span that is dropped before the decision leaves its children without a parent: the trace is in pieces, and a policy about the root never sees it. Whole traces are dropped by a policy of the sampler.",
    remedy:
      "Drop such traces with a `drop` policy of tail_sampling, and in filters only spans without children: clients, or names of lowest-level calls.",
    parameters: z.object({
      leaves: z
        .array(z.string())
        .default([
          'span\\.kind(\\.string)?\\s*==\\s*(SPAN_KIND_CLIENT|3|"Client")',
          "(connect|lookup|dns|tcp|opentelemetry.*proto)",
        ])
        .describe("Patterns of conditions that match only spans without children."),
    }),
  },
  function* (collector, { parameters }) {
    const leaves = new RegExp(parameters.leaves.join("|"), "i");
    for (const { processors, name } of collector.pipelines.filter(({ signal }) => signal === "traces")) {
      const sampler = processors.findIndex((id) => typeOf(id) === "tailsampling");
      for (const id of processors.slice(0, Math.max(0, sampler)).filter((each) => typeOf(each) === "filter")) {
        const settings = component(collector, "processors", id);
        const places = [["trace_conditions"], ["traces", "span"]] as const;
        for (const place of places) {
          const conditions = texts(at(settings, ...place));
          const bad = conditions.filter((condition) => !leaves.test(condition));
          if (bad.length === 0) continue;
          const path = [...collector.path, "processors", id, ...place];
          const rest = conditions.filter((condition) => leaves.test(condition));
          yield {
            message: `${id} drops spans before ${processors[sampler]} in ${name} that may have children: ${bad[0]}${bad.length > 1 ? ` and ${bad.length - 1} more` : ""}`,
            path,
            fix:
              rest.length > 0
                ? [set(path, rest)]
                : [
                    set(
                      [...collector.path, "service", "pipelines", name, "processors"],
                      processors.filter((each) => each !== id),
                    ),
                  ],
          };
        }
      }
    }
  },
);

/** Rules about what several collectors have to agree on. */
export const routingRules: readonly Rule[] = [traceRouting, seriesRouting, decisionWait, traceCount, orphans];
