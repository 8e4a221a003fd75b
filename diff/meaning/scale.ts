import { at, type Manifest, nameOf, text } from "../model/object.ts";
import { replicasOf } from "../risk/replicas.ts";
import type { Meaning, Reader } from "./meaning.ts";

/** Members of a hash ring that hold what exists nowhere else, and what has to happen before there are fewer of them. */
const ringMembers: readonly { readonly program: string; readonly component: RegExp; readonly first: string }[] = [
  {
    program: "mimir",
    component: /^ingester|^mimir$/,
    first:
      "first call POST /ingester/prepare-instance-ring-downscale on each pod that goes, wait until queries no longer ask it (query_store_after), then POST /ingester/prepare-shutdown; one zone at a time (https://grafana.com/docs/mimir/latest/manage/run-production-environment/scaling-out/)",
  },
  {
    program: "loki",
    component: /^ingester|^loki$/,
    first:
      "first call POST /ingester/prepare_shutdown on each pod that goes, so that it flushes to the bucket and leaves the ring",
  },
  {
    program: "tempo",
    component: /^(?:live-store|ingester|block-builder)/,
    first: "first flush the pods that go (GET /flush, then GET /shutdown), one at a time",
  },
];

/** Replicas and shards that change. */
export const scaleMeaning: Reader = function* (changes) {
  for (const { id, kind, before, after } of changes) {
    if (!before || !after || kind === "added" || kind === "removed") continue;
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "scale",
      severity,
      text: `${nameOf(id)} ${words}`,
      object: id,
    });
    const [shardsBefore, shardsAfter] = [at(before.spec, "shards"), at(after.spec, "shards")];
    if (shardsBefore !== shardsAfter) {
      yield say(
        "warning",
        `has ${shardsAfter ?? 1} shards instead of ${shardsBefore ?? 1}: targets move between shards, and each shard keeps the old series on its disk until they expire`,
      );
    }
    if (at(before.spec, "replicas") === at(after.spec, "replicas")) continue;
    const [old, now] = [replicasOf(before), replicasOf(after)];
    if (old === undefined || now === undefined || old === now) continue;
    const ring = ringMemberOf(after);
    if (now < old && ring) yield say("danger", `shrinks from ${old} to ${now} pods: ${ring.first}`);
    else if (now === 0) yield say("danger", `is scaled to zero`);
    else
      yield say(
        now < old && id.kind === "StatefulSet" ? "warning" : "info",
        `${now > old ? "grows" : "shrinks"} from ${old} to ${now} pods`,
      );
  }
};

function ringMemberOf({ kind, metadata }: Manifest) {
  if (kind !== "StatefulSet") return undefined;
  const program = text(metadata.labels?.["app.kubernetes.io/name"]) ?? "";
  const component = text(metadata.labels?.["app.kubernetes.io/component"]) ?? metadata.name;
  return ringMembers.find((member) => member.program === program && member.component.test(component));
}
