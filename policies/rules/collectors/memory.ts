import { z } from "zod";
import { collectorRule, component, typeOf } from "../../engine/collectors.ts";
import { bytes, mebibytes } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { fields, number, text } from "../../engine/values.ts";
import { indexOfType } from "./pipelines.ts";

const memoryLimiter = collectorRule(
  {
    id: "collectors/memory-limiter",
    title: "The memory limiter is the first processor of every pipeline",
    severity: "error",
    why: "Only as the first processor can it refuse data before any is held, so that the sender is told to wait. Behind others it drops what was accepted. https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor/memorylimiterprocessor",
    remedy: "Put memory_limiter first.",
  },
  function* (collector) {
    const [defined] = Object.keys(fields(collector.config.processors)).filter((id) => typeOf(id) === "memorylimiter");
    for (const { name, path, processors } of collector.pipelines) {
      if (indexOfType(processors, "memorylimiter") === 0) continue;
      const id = defined ?? "memory_limiter";
      const place = [...path, "processors"];
      const rest = processors.filter((each) => typeOf(each) !== "memorylimiter");
      yield {
        message:
          indexOfType(processors, "memorylimiter") < 0
            ? `the pipeline ${name} has no memory limiter`
            : `the memory limiter of the pipeline ${name} is not its first processor`,
        path: place,
        fix: [
          set(place, [id, ...rest]),
          ...(defined
            ? []
            : [
                set([...collector.path, "processors", id], {
                  check_interval: "1s",
                  limit_percentage: 80,
                  spike_limit_percentage: 20,
                }),
              ]),
        ],
      };
    }
  },
);

/** The limit of a memory limiter in bytes. */
function limitOf(settings: Readonly<Record<string, unknown>>, container: number): number | undefined {
  const mebi = number(settings.limit_mib);
  const percent = number(settings.limit_percentage);
  return mebi !== undefined && mebi > 0
    ? mebi * 1024 ** 2
    : percent === undefined
      ? undefined
      : (container * percent) / 100;
}

const memoryLimit = collectorRule(
  {
    id: "collectors/memory-limit",
    title: "The memory limiter acts below the container's limit",
    severity: "error",
    why: "At or above the container's limit the kernel kills the collector with everything in its queues before the limiter refuses anything.",
    remedy: "Set `limit_mib` to about 80 % of the container's limit, and `spike_limit_mib` below it.",
    parameters: z.object({
      mostPercent: z.number().default(90).describe("Highest share of the container's limit, in percent."),
    }),
  },
  function* (collector, { parameters }) {
    const { memoryLimit: container } = collector;
    if (container === undefined) return;
    for (const id of Object.keys(fields(collector.config.processors)).filter(
      (each) => typeOf(each) === "memorylimiter",
    )) {
      const settings = component(collector, "processors", id);
      const limit = limitOf(settings, container);
      const path = [...collector.path, "processors", id];
      const wanted = Math.floor((container * 0.8) / 1024 ** 2);
      if (limit === undefined) {
        yield { message: `${id} has no limit`, path, fix: [set([...path, "limit_mib"], wanted)] };
      } else if (limit > (container * parameters.mostPercent) / 100) {
        const place = [...path, settings.limit_mib === undefined ? "limit_percentage" : "limit_mib"];
        yield {
          message: `${id} acts at ${mebibytes(limit)}, the container's limit is ${mebibytes(container)}`,
          path: place,
          fix: [set(place, settings.limit_mib === undefined ? 80 : wanted)],
        };
      }
      const spike = number(settings.spike_limit_mib);
      if (spike === undefined || limit === undefined || spike * 1024 ** 2 < limit) continue;
      const place = [...path, "spike_limit_mib"];
      yield {
        message: `${id} has a spike limit of ${spike} MiB, not below its limit: it refuses everything`,
        path: place,
        fix: [set(place, Math.floor(limit / 1024 ** 2 / 5))],
      };
    }
  },
);

const goMemory = collectorRule(
  {
    id: "collectors/gomemlimit",
    title: "A collector's GOMEMLIMIT agrees with its memory limiter",
    severity: "warning",
    why: "Below the limiter's limit the garbage collector works all the time before the limiter refuses anything; the collector is slow rather than protected.",
    remedy: "Set GOMEMLIMIT to 80 % of the container's limit, as the limiter's.",
  },
  function* (collector) {
    const { container, memoryLimit: limit } = collector;
    if (!container || limit === undefined) return;
    const [id] = Object.keys(fields(collector.config.processors)).filter((each) => typeOf(each) === "memorylimiter");
    const acts = id === undefined ? undefined : limitOf(component(collector, "processors", id), limit);
    const variables = Array.isArray(container.fields.env) ? container.fields.env : [];
    const index = variables.findIndex((each) => fields(each).name === "GOMEMLIMIT");
    const value = bytes(text(fields(variables[index]).value) ?? "");
    if (acts === undefined || value === undefined || value >= acts * 0.8) return;
    const [pod] = collector.pods;
    const path = [...collector.path, "processors", id as string];
    yield {
      message: `GOMEMLIMIT is ${mebibytes(value)} and the limiter acts at ${mebibytes(acts)}`,
      path,
      fix: [
        {
          object: pod?.object ?? collector.object,
          path: [...container.path, "env", index, "value"],
          value: `${Math.floor(acts / 1024 ** 2)}MiB`,
        },
      ],
    };
  },
);

/** Rules about a collector's memory. */
export const collectorMemoryRules: readonly Rule[] = [memoryLimiter, memoryLimit, goMemory];
