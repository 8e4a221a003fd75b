import { z } from "zod";
import { type Collector, collectorRule, component, sections, typeOf } from "../../engine/collectors.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { allTexts, at, fields, number, texts } from "../../engine/values.ts";

const collectorDocs = "https://opentelemetry.io/docs/collector/configuration/";

const references = collectorRule(
  {
    id: "collectors/references",
    title: "Every component that a pipeline names is defined",
    severity: "error",
    why: `The collector does not start with a reference to a component that is not defined, or a pipeline without a receiver or exporter. ${collectorDocs}`,
    remedy: "Define the component, or correct its name.",
  },
  function* (collector) {
    const defined = (section: string) => Object.keys(fields(collector.config[section]));
    for (const pipeline of collector.pipelines) {
      for (const section of ["receivers", "processors", "exporters"] as const) {
        const known = [...defined(section), ...(section === "processors" ? [] : defined("connectors"))];
        for (const [index, id] of pipeline[section].entries()) {
          if (known.includes(id)) continue;
          const path = [...pipeline.path, section, index];
          const near = known.find((each) => typeOf(each) === typeOf(id));
          yield {
            message: `${id} in the pipeline ${pipeline.name} is not defined under ${section}`,
            path,
            fix: [near ? set(path, near) : remove(path)],
          };
        }
        if (section === "processors" || pipeline[section].length > 0) continue;
        const path = [...pipeline.path, section];
        const [first] = known;
        yield {
          message: `the pipeline ${pipeline.name} has no ${section}`,
          path,
          fix: [set(path, [first ?? "<component>"])],
        };
      }
    }
    const extensions = texts(at(collector.config, "service", "extensions"));
    for (const [index, id] of extensions.entries()) {
      if (defined("extensions").includes(id)) continue;
      const path = [...collector.path, "service", "extensions", index];
      yield { message: `the extension ${id} is not defined`, path, fix: [remove(path)] };
    }
    for (const [place, id] of allTexts(collector.config)) {
      const storage = place.at(-1) === "storage" && place.at(-2) === "sending_queue";
      const authenticator = place.at(-1) === "authenticator" && place.at(-2) === "auth";
      if ((!storage && !authenticator) || defined("extensions").includes(id)) continue;
      yield {
        message: `the extension ${id} is not defined`,
        path: [...collector.path, ...place],
        fix: [remove([...collector.path, ...place])],
      };
    }
  },
);

const unused = collectorRule(
  {
    id: "collectors/unused",
    title: "Every component that is defined is used by a pipeline",
    severity: "warning",
    why: `A component that no pipeline names does nothing: the filter or the sampler that somebody configured is not there. ${collectorDocs}`,
    remedy: "Name it in a pipeline, or remove it.",
  },
  function* (collector) {
    const used = new Set([
      ...collector.pipelines.flatMap(({ receivers, processors, exporters }) => [
        ...receivers,
        ...processors,
        ...exporters,
      ]),
      ...texts(at(collector.config, "service", "extensions")),
    ]);
    for (const section of sections) {
      for (const id of Object.keys(fields(collector.config[section]))) {
        if (used.has(id)) continue;
        const path = [...collector.path, section, id];
        yield { message: `${id} is defined under ${section} and no pipeline uses it`, path, fix: [remove(path)] };
      }
    }
  },
);

/** Processors of a pipeline by type. */
export const indexOfType = (processors: readonly string[], ...types: readonly string[]): number =>
  processors.findIndex((id) => types.includes(typeOf(id)));

/** Processors that drop or choose: a batch before them is made of what is then thrown away. */
const droppers = ["tailsampling", "probabilisticsampler", "filter", "groupbytrace"] as const;

const batchPosition = collectorRule(
  {
    id: "collectors/batch-position",
    title: "Batches are made after everything that drops or samples",
    severity: "warning",
    why: "A batch before a sampler or a filter is taken apart again, and what leaves the pipeline is small. https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor#recommended-processors",
    remedy: "Put batch last.",
  },
  function* (collector) {
    for (const { name, path, processors } of collector.pipelines) {
      const batch = indexOfType(processors, "batch");
      const after = processors.slice(batch + 1).find((id) => (droppers as readonly string[]).includes(typeOf(id)));
      if (batch < 0 || after === undefined) continue;
      const place = [...path, "processors"];
      const id = processors[batch] as string;
      yield {
        message: `${id} stands before ${after} in the pipeline ${name}`,
        path: place,
        fix: [set(place, [...processors.filter((each) => each !== id), id])],
      };
    }
  },
);

/** Most items of one batch that a pipeline's exporter gets, undefined where there is no bound. */
function batchSize(collector: Collector, exporter: string): number | undefined {
  const sizes = collector.pipelines
    .filter(({ exporters }) => exporters.includes(exporter))
    .flatMap(({ processors }) => processors.filter((id) => typeOf(id) === "batch"))
    .map((id) => {
      const batch = component(collector, "processors", id);
      const most = number(batch.send_batch_max_size);
      return most !== undefined && most > 0 ? most : (number(batch.send_batch_size) ?? 8192);
    });
  return sizes.length > 0 ? Math.max(...sizes) : undefined;
}

const queueSize = collectorRule(
  {
    id: "collectors/queue-size",
    title: "A queue holds several batches",
    severity: "error",
    why: "A queue that is counted in items and holds fewer than a few batches is full as soon as one request is slow: the rest is dropped. One smaller than a batch accepts nothing at all.",
    remedy: "Make queue_size several times send_batch_max_size, or leave `sizer: requests`.",
    parameters: z.object({ batches: z.number().default(3).describe("Batches that a queue has to hold.") }),
  },
  function* (collector, { parameters }) {
    for (const id of Object.keys(fields(collector.config.exporters))) {
      // A load balancer divides each batch between its endpoints, whose own queues hold parts of it.
      const path = [...collector.path, "exporters", id, "sending_queue"];
      const queue = fields(component(collector, "exporters", id).sending_queue);
      const size = number(queue.queue_size);
      if (size === undefined || queue.enabled === false) continue;
      const most = batchSize(collector, id);
      const batch = queue.sizer === "items" ? most : queue.sizer === "bytes" ? undefined : 1;
      if (batch === undefined || size >= parameters.batches * batch) continue;
      const place = [...path, "queue_size"];
      yield {
        message: `the queue of ${id} holds ${size}, ${(size / batch).toFixed(1)} batches of ${batch}`,
        path: place,
        fix: [set(place, Math.ceil(5 * batch))],
      };
    }
  },
);

/** Keys whose values are secrets. */
const secretKey =
  /(^|_|-)(password|passwd|secret|token|api_?key|apikey|authorization|bearer_token|client_secret|access_key|secret_key|secret_access_key|account_key|dsn)$/i;

/** Whether a value is a secret written out: not a reference to the environment, a file or a template. */
export function writtenOut(key: string, value: string): boolean {
  if (!secretKey.test(key) || value.length < 4) return false;
  return !/^\$|\$\{|^<|^\{\{|_file$|^\/|%\(|^(true|false|none|null|basic|default|service_?account|x{3,}|\*+)$/i.test(
    value,
  );
}

const credentials = collectorRule(
  {
    id: "collectors/credentials",
    title: "No credential stands in a collector's configuration",
    severity: "error",
    why: "A ConfigMap is readable by everyone who may look at the namespace, and it is in every backup and in the history of the repository.",
    remedy: "Refer to an environment variable that comes from a Secret: `${env:NAME}`.",
  },
  function* (collector) {
    if (collector.object.kind === "Secret") return;
    for (const [place, value] of allTexts(collector.config)) {
      const key = String(place.at(-1));
      const inUrl = /:\/\/[^/\s:@$]+:[^/\s@$]+@/.test(value);
      if (!inUrl && !writtenOut(key, value)) continue;
      const path = [...collector.path, ...place];
      const name = key.replaceAll(/\W/g, "_").toUpperCase();
      yield {
        message: `${place.join(".")} holds a credential`,
        path,
        fix: [set(path, inUrl ? value.replace(/(:\/\/)[^@]+@/, "$1${env:USER_AND_PASSWORD}@") : `\${env:${name}}`)],
      };
    }
  },
);

/** Rules about one collector's own pipelines. */
export const pipelineRules: readonly Rule[] = [references, unused, batchPosition, queueSize, credentials];
