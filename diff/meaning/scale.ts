import { ringMembersOf } from "../../policies/engine/ring-members.ts";
import { at, idOf, nameOf } from "../model/object.ts";
import { replicasOf } from "../risk/replicas.ts";
import type { Meaning, Reader } from "./meaning.ts";

/** Replicas and shards that change. */
export const scaleMeaning: Reader = function* (changes) {
  for (const { id, kind, before, after } of changes) {
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "scale",
      severity,
      text: `${nameOf(id)} ${words}`,
      object: id,
    });
    const ring = before && ringMembersOf(before);
    if (before && (kind === "removed" || kind === "renamed") && ring) {
      yield say("danger", `no longer runs the ${ring.replicas} ring members of ${nameOf(idOf(before))}: ${ring.first}`);
      continue;
    }
    if (!before || !after) continue;
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
    if (now < old && ring) yield say("danger", `shrinks from ${old} to ${now} pods: ${ring.first}`);
    else if (now === 0) yield say("danger", `is scaled to zero`);
    else
      yield say(
        now < old && id.kind === "StatefulSet" ? "warning" : "info",
        `${now > old ? "grows" : "shrinks"} from ${old} to ${now} pods`,
      );
  }
};
