import type { EmbeddedDocument } from "../../engine/documents.ts";
import { documentRule } from "../../engine/kinds-of-rules.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import type { Pod } from "../../engine/pods.ts";
import { bytes, duration } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { at, fields, items, number, type Path, text, texts } from "../../engine/values.ts";

/** The pods that read a configuration. */
const readersOf = (objects: ObjectSet, { object }: EmbeddedDocument): readonly Pod[] => objects.podsUsing(object);

/** Whether a pod runs a module. */
const runs = (pod: Pod, module: string): boolean =>
  pod.containers.some(({ fields: each }) =>
    [...texts(each.command), ...texts(each.args)].some(
      (argument) => /^--?target=/.test(argument) && argument.split(/[=,]/).includes(module),
    ),
  );

const replicasOf = (pods: readonly Pod[]): number => pods.reduce((sum, { replicas }) => sum + (replicas ?? 0), 0);

/** A value of a configuration and its path. */
export function setting(
  document: EmbeddedDocument,
  ...path: string[]
): { readonly value: unknown; readonly path: Path } {
  return { value: at(document.value, ...path), path: [...document.path, ...path] };
}

const replication = documentRule(
  {
    id: "stores/replication",
    formats: ["mimir", "loki"],
    title: "A ring has at least as many members as its replication factor",
    severity: "error",
    why: "With fewer ingesters than copies every write misses its quorum as soon as one of them restarts. Fewer members than zones leave a zone empty. https://grafana.com/docs/mimir/latest/configure/configure-hash-rings/",
    remedy: "Run at least as many ingesters as the replication factor, or lower the factor, which keeps fewer copies.",
  },
  function* (document, { set: objects }) {
    const { value, path } =
      document.format === "mimir"
        ? setting(document, "ingester", "ring", "replication_factor")
        : setting(document, "common", "replication_factor");
    const factor = number(value) ?? 3;
    const readers = readersOf(objects, document);
    const ingesters = readers.filter((pod) => runs(pod, "ingester"));
    const members = ingesters.length > 0 ? ingesters : readers.filter((pod) => runs(pod, "all") || runs(pod, "write"));
    const count = replicasOf(members);
    const [first] = members;
    if (!first || count === 0 || count >= factor) return;
    yield {
      message: `the replication factor is ${factor} and there ${count === 1 ? "is 1 ingester" : `are ${count} ingesters`}`,
      path,
      fix: [{ object: first.object, path: ["spec", "replicas"], value: (first.replicas ?? 0) + factor - count }],
    };
  },
);

const sharedStorage = documentRule(
  {
    id: "stores/shared-storage",
    formats: ["mimir", "loki", "tempo"],
    title: "Replicas share their object storage",
    severity: "error",
    why: "The filesystem backend is the disk of one pod. Each replica would see only its own blocks, and queries would answer with a part of the data.",
    remedy: "Use S3, GCS or Azure.",
  },
  function* (document, { set: objects }) {
    const places = {
      mimir: [
        ["blocks_storage", "backend"],
        ["common", "storage", "backend"],
      ],
      loki: [
        ["schema_config", "configs", 0, "object_store"],
        ["common", "storage", "filesystem"],
      ],
      tempo: [["storage", "trace", "backend"]],
    }[document.format as "mimir" | "loki" | "tempo"];
    const readers = readersOf(objects, document);
    const shared = readers.some((pod) => (pod.replicas ?? 2) > 1) || readers.length > 1;
    for (const place of places) {
      const found = at(document.value, ...place);
      if (!shared || !(found === "filesystem" || found === "local")) continue;
      const path = [...document.path, ...place];
      yield {
        message: `${readers.length > 1 ? `${readers.length} workloads use` : "several replicas use"} the ${String(found)} backend`,
        path,
        fix: [set(path, "s3")],
      };
      return;
    }
  },
);

const retention = documentRule(
  {
    id: "stores/retention",
    formats: ["loki", "mimir"],
    title: "What has a retention is really deleted",
    severity: "error",
    why: "Loki deletes only where its compactor is told to; a retention_period alone hides old data from queries and keeps it in the bucket for ever. A Mimir without a retention keeps every block.",
    remedy:
      "Loki: `compactor.retention_enabled: true` with a delete_request_store. Mimir: `limits.compactor_blocks_retention_period`.",
  },
  function* (document) {
    if (document.format === "mimir") {
      const { value, path } = setting(document, "limits", "compactor_blocks_retention_period");
      if (duration(value)) return;
      yield { message: "blocks are never deleted", path, severity: "warning", fix: [set(path, "365d")] };
      return;
    }
    const period = duration(at(document.value, "limits_config", "retention_period"));
    if (!period) return;
    const enabled = setting(document, "compactor", "retention_enabled");
    const store = setting(document, "compactor", "delete_request_store");
    const objectStore = text(at(document.value, "schema_config", "configs", 0, "object_store")) ?? "s3";
    if (enabled.value !== true) {
      yield {
        message: "retention_period is set and the compactor deletes nothing",
        path: enabled.path,
        fix: [set(enabled.path, true), set(store.path, objectStore)],
      };
    } else if (!text(store.value)) {
      yield {
        message: "the compactor deletes and has no delete_request_store: Loki does not start",
        path: store.path,
        fix: [set(store.path, objectStore)],
      };
    }
  },
);

const ingestLimits = documentRule(
  {
    id: "stores/ingest-limits",
    formats: ["mimir", "loki", "tempo"],
    title: "Limits of a tenant admit the workload",
    severity: "error",
    why: "What exceeds a tenant's limit is rejected with 429 or 400: samples, logs and spans are lost although the program could take them.",
    remedy: "Set the limit above the workload, with room for a peak.",
  },
  function* (document, { set: objects }) {
    const { activeSeries, scrapeIntervalSeconds = 30, logBytesPerDay, spansPerSecond } = objects.facts;
    const wanted: readonly (readonly [readonly string[], number | undefined, string])[] =
      document.format === "mimir"
        ? [
            [["limits", "max_global_series_per_user"], activeSeries, "series"],
            [["limits", "ingestion_rate"], activeSeries && activeSeries / scrapeIntervalSeconds, "samples per second"],
          ]
        : document.format === "loki"
          ? [
              [
                ["limits_config", "ingestion_rate_mb"],
                logBytesPerDay && logBytesPerDay / 86_400 / 1_048_576,
                "MiB per second",
              ],
            ]
          : [
              [
                ["overrides", "defaults", "ingestion", "rate_limit_bytes"],
                spansPerSecond && spansPerSecond * 100,
                "bytes of spans per second",
              ],
            ];
    for (const [place, needed, what] of wanted) {
      const { value, path } = setting(document, ...place);
      const limit = bytes(value);
      // 0 is no limit.
      if (limit === undefined || limit === 0 || needed === undefined || limit >= needed) continue;
      yield {
        message: `${place.join(".")} is ${limit}; the workload has ${Math.ceil(needed)} ${what}`,
        path,
        fix: [set(path, Math.ceil(needed * 2))],
      };
    }
  },
);

const zones = documentRule(
  {
    id: "stores/zones",
    formats: ["mimir"],
    title: "Zone-aware replication has as many zones as copies",
    severity: "error",
    why: "With zone awareness each copy goes to another zone. Fewer zones than copies mean that every write fails; a zone of another size carries more than its share.",
    remedy: "Run one StatefulSet per zone, all with the same number of replicas.",
  },
  function* (document, { set: objects }) {
    if (at(document.value, "ingester", "ring", "zone_awareness_enabled") !== true) return;
    const factor = number(at(document.value, "ingester", "ring", "replication_factor")) ?? 3;
    const ingesters = readersOf(objects, document).filter((pod) => runs(pod, "ingester"));
    const [first] = ingesters;
    if (!first) return;
    const path = [...document.path, "ingester", "ring", "zone_awareness_enabled"];
    if (ingesters.length < factor) {
      yield { message: `there are ${ingesters.length} zones for ${factor} copies`, path, fix: [set(path, false)] };
      return;
    }
    const most = Math.max(...ingesters.map(({ replicas }) => replicas ?? 0));
    for (const pod of ingesters) {
      if ((pod.replicas ?? 0) === most) continue;
      yield {
        message: `${pod.object.id} has ${pod.replicas} ingesters, another zone has ${most}`,
        path,
        fix: [{ object: pod.object, path: ["spec", "replicas"], value: most }],
      };
    }
  },
);

const exemplars = documentRule(
  {
    id: "stores/data-source-tenant",
    formats: ["data-sources"],
    title: "Data sources of multi-tenant stores name a tenant",
    severity: "error",
    why: "Mimir and Loki with several tenants answer 401 to a request without X-Scope-OrgID: every panel is empty.",
    remedy: "Set httpHeaderName1: X-Scope-OrgID and its value in secureJsonData.",
  },
  function* (document, { set: objects }) {
    const tenants = multiTenant(objects);
    for (const [index, source] of items(document.value.datasources)) {
      const host = /^https?:\/\/([a-z0-9-]+)\./.exec(text(source.url) ?? "")?.[1];
      if (host === undefined || !tenants.some((prefix) => host.startsWith(prefix))) continue;
      const names = Object.entries(fields(source.jsonData)).filter(([key]) => key.startsWith("httpHeaderName"));
      if (names.some(([, name]) => /^x-scope-orgid$/i.test(text(name) ?? ""))) continue;
      const path = [...document.path, "datasources", index, "jsonData", "httpHeaderName1"];
      yield {
        message: `${text(source.name) ?? "a data source"} names no tenant`,
        path,
        fix: [
          set(path, "X-Scope-OrgID"),
          set([...document.path, "datasources", index, "secureJsonData", "httpHeaderValue1"], "anonymous"),
        ],
      };
    }
  },
);

/** Names of the ConfigMaps of stores with several tenants: their Services start with it. */
function multiTenant(objects: ObjectSet): readonly string[] {
  return objects.ofKind("ConfigMap").flatMap((object) =>
    objects
      .documents(object)
      .filter(
        ({ format, value }) =>
          (format === "mimir" && value.multitenancy_enabled !== false) ||
          (format === "loki" && value.auth_enabled !== false),
      )
      .map(() => object.name),
  );
}

/** Rules about the configurations of Mimir, Loki and Tempo. */
export const storeRules: readonly Rule[] = [replication, zones, sharedStorage, retention, ingestLimits, exemplars];
