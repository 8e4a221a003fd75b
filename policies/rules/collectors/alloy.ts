import type { ParsedBlock } from "../../../lib/alloy/index.ts";
import { allBlocks, alloyRule, attribute, idOf, referencesIn, textsIn } from "../../engine/alloy.ts";
import { samplingGateways, serviceIn, servicesOf } from "../../engine/collectors.ts";
import type { EmbeddedDocument } from "../../engine/documents.ts";
import { bytes, mebibytes, quantity } from "../../engine/quantities.ts";
import { type Edit, type Rule, set } from "../../engine/rule.ts";
import { at } from "../../engine/values.ts";
import { writtenOut } from "./pipelines.ts";

const docs = "https://grafana.com/docs/alloy/latest/get-started/";

/** An edit of the text of a configuration. */
const replaced = (document: EmbeddedDocument, from: string | RegExp, to: string): Edit =>
  set(document.path, document.text.replace(from, to));

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Roots of names that are no components: functions of the standard library, arguments, loop variables. */
const standard = new Set([
  "sys",
  "env",
  "constants",
  "argument",
  "encoding",
  "json",
  "string",
  "array",
  "convert",
  "coalesce",
  "concat",
  "nonsensitive",
  "true",
  "false",
  "module_path",
]);

const references = alloyRule(
  {
    id: "collectors/alloy-references",
    title: "Every component that an Alloy configuration names is defined",
    severity: "error",
    why: `Alloy does not start, or keeps the old configuration, with a reference to a component that is not defined. ${docs}`,
    remedy: "Define the component, or correct its name.",
  },
  function* (document) {
    const known = document.blocks.map(idOf);
    for (const { block } of allBlocks(document.blocks)) {
      if (
        block.name === "foreach" ||
        block.name === "declare" ||
        document.blocks.some(({ name }) => name === "declare" || name === "foreach" || name.startsWith("import."))
      )
        return;
      for (const [, value] of block.attributes) {
        for (const path of referencesIn(value)) {
          const [root = ""] = path.split(".");
          if (standard.has(root) || known.some((id) => path === id || path.startsWith(`${id}.`))) continue;
          if (!path.includes(".")) continue;
          const near = known.find(
            (id) => id.split(".").slice(0, -1).join(".") === path.split(".").slice(0, -2).join("."),
          );
          yield {
            message: `${path} refers to a component that is not defined`,
            path: document.path,
            fix: near
              ? [replaced(document, path, `${near}.${path.split(".").at(-1)}`)]
              : [replaced(document, path, "<component>.receiver")],
          };
        }
      }
    }
  },
);

/** Components that need nobody to refer to them. */
const endpoints =
  /^(logging|tracing|http|livedebugging|otelcol\.(receiver|exporter)\.|.*\.(write|remote_write|exporter)\.?|import\.|declare|argument|export|remotecfg|prometheus\.(operator|scrape)|loki\.source|mimir\.|pyroscope\.(scrape|ebpf|java)|beyla\.|faro\.|remote\.|foreach)/;

const unused = alloyRule(
  {
    id: "collectors/alloy-unused",
    title: "Every component of an Alloy configuration is used",
    severity: "warning",
    why: `A component that nothing refers to does nothing: what it was to filter, label or limit passes by. ${docs}`,
    remedy: "Send to it, or remove it.",
  },
  function* (document) {
    const used = new Set<string>();
    for (const { block } of allBlocks(document.blocks)) {
      for (const [, value] of block.attributes) for (const path of referencesIn(value)) used.add(path);
    }
    for (const block of document.blocks) {
      const id = idOf(block);
      if (endpoints.test(block.name) || block.label === undefined) continue;
      if ([...used].some((path) => path === id || path.startsWith(`${id}.`))) continue;
      yield {
        message: `nothing refers to ${id}`,
        path: document.path,
        fix: [replaced(document, withoutBlock(block), "")],
      };
    }
  },
);

/** The text of a block at the top level, up to its closing brace. */
const withoutBlock = (block: ParsedBlock): RegExp =>
  new RegExp(`^${escaped(block.name)} "${escaped(block.label ?? "")}" \\{[\\s\\S]*?^\\}\\n?`, "m");

const memory = alloyRule(
  {
    id: "collectors/alloy-memory-limit",
    title: "Alloy's memory limiter acts below the container's limit, and receivers send to it first",
    severity: "error",
    why: "At or above the container's limit the kernel kills Alloy with everything in its queues before the limiter refuses anything.",
    remedy: "Set `limit` to about 80 % of the container's limit.",
  },
  function* (document, { set: objects }) {
    const readers = objects
      .podsUsing(document.object)
      .flatMap((pod) => pod.mounts(document.object.kind as "ConfigMap" | "Secret", document.object.name));
    const [container] = readers;
    const most = quantity(at(container?.fields, "resources", "limits", "memory"));
    const limiters = document.blocks.filter(({ name }) => name === "otelcol.processor.memory_limiter");
    for (const limiter of limiters) {
      const [limit] = textsIn(attribute(limiter, "limit"));
      const value = bytes(limit ?? "");
      if (most === undefined || value === undefined || value <= most * 0.9) continue;
      yield {
        message: `${idOf(limiter)} acts at ${limit}, the container's limit is ${mebibytes(most)}`,
        path: document.path,
        fix: [
          replaced(
            document,
            new RegExp(`(limit\\s*=\\s*)"${escaped(limit ?? "")}"`),
            `$1"${Math.floor((most * 0.8) / 1024 ** 2)}MiB"`,
          ),
        ],
      };
    }
    for (const receiver of document.blocks.filter(({ name }) => name.startsWith("otelcol.receiver."))) {
      for (const output of receiver.blocks.filter(({ name }) => name === "output")) {
        const to = output.attributes.flatMap(([, value]) => referencesIn(value));
        const past = to.find((path) => !path.startsWith("otelcol.processor.memory_limiter."));
        if (past === undefined) continue;
        const [first] = limiters;
        yield {
          message: `${idOf(receiver)} sends to ${past} past the memory limiter`,
          path: document.path,
          fix: [
            replaced(document, past, first ? `${idOf(first)}.input` : "otelcol.processor.memory_limiter.<name>.input"),
          ],
        };
      }
    }
  },
);

const routing = alloyRule(
  {
    id: "collectors/alloy-routing",
    title: "Alloy routes traces by trace id to several sampling gateways",
    severity: "error",
    why: "A gateway decides on the spans it has seen. Through an ordinary Service the spans of one trace reach different gateways, which each decide about a part.",
    remedy:
      'Send traces with otelcol.exporter.loadbalancing, `routing_key = "traceID"`, to the headless Service of the gateways.',
  },
  function* (document, { set: objects }) {
    const services = samplingGateways(objects).flatMap((gateway) => servicesOf(objects, gateway));
    if (services.length === 0) return;
    for (const block of document.blocks) {
      const id = idOf(block);
      if (block.name === "otelcol.exporter.loadbalancing") {
        const [key] = textsIn(attribute(block, "routing_key"));
        if (key === undefined || key === "traceID" || !takesTraces(document, id)) continue;
        // Span metrics need the spans of a service together, beside the same spans by trace ID.
        const beside = document.blocks.some(
          (each) =>
            each.name === block.name &&
            textsIn(attribute(each, "routing_key"))[0] === "traceID" &&
            takesTraces(document, idOf(each)),
        );
        if (key === "service" && beside) continue;
        yield {
          message: `${id} routes by ${key}: the spans of one trace reach several gateways`,
          path: document.path,
          fix: [replaced(document, new RegExp(`(routing_key\\s*=\\s*)"${escaped(key)}"`), '$1"traceID"')],
        };
      }
      if (!/^otelcol\.exporter\.otlp(http)?$/.test(block.name) || !takesTraces(document, id)) continue;
      const client = block.blocks.find(({ name }) => name === "client");
      const [endpoint] = textsIn(client && attribute(client, "endpoint"));
      const to = serviceIn(endpoint, document.object.namespace);
      if (to === undefined || !services.includes(to)) continue;
      const balancer = document.blocks.find(({ name }) => name === "otelcol.exporter.loadbalancing");
      const instead = balancer ? `${idOf(balancer)}.input` : "otelcol.exporter.loadbalancing.<name>.input";
      yield {
        message: `${id} sends traces to the Service ${to}, which spreads the spans of one trace over several sampling gateways`,
        path: document.path,
        fix: [
          replaced(document, new RegExp(`(traces\\s*=\\s*\\[[^\\]]*?)${escaped(`${id}.input`)}`, "g"), `$1${instead}`),
        ],
      };
    }
  },
);

/** Whether a component gets traces from another one. */
const takesTraces = (document: EmbeddedDocument, id: string): boolean =>
  [...allBlocks(document.blocks)].some(
    ({ block }) =>
      block.name === "output" &&
      block.attributes.some(([key, value]) => key === "traces" && referencesIn(value).includes(`${id}.input`)),
  );

const credentials = alloyRule(
  {
    id: "collectors/alloy-credentials",
    title: "No credential stands in an Alloy configuration",
    severity: "error",
    why: "A ConfigMap is readable by everyone who may look at the namespace, and it is in every backup and in the history of the repository.",
    remedy: 'Read it from the environment, `sys.env("NAME")`, or from a file of a mounted Secret.',
  },
  function* (document) {
    if (document.object.kind === "Secret") return;
    for (const { block, owner } of allBlocks(document.blocks)) {
      for (const [key, value] of block.attributes) {
        if (value.kind !== "string" || !writtenOut(key, value.value)) continue;
        yield {
          message: `${idOf(owner)} holds a credential in ${key}`,
          path: document.path,
          fix: [
            replaced(
              document,
              new RegExp(`(${escaped(key)}\\s*=\\s*)${escaped(JSON.stringify(value.value))}`),
              `$1sys.env("${key.toUpperCase()}")`,
            ),
          ],
        };
      }
    }
  },
);

/** Rules about Alloy configurations. */
export const alloyRules: readonly Rule[] = [references, unused, memory, routing, credentials];
