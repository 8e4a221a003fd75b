import { KubernetesObject } from "../../engine/object.ts";
import { ringMembersOf } from "../../engine/ring-members.ts";
import { decided, type Rule, rule, set } from "../../engine/rule.ts";

const fewerMembers = rule(
  {
    id: "availability/fewer-ring-members",
    title: "Ring members leave only with an acknowledgement",
    severity: "error",
    comparesStates: true,
    why: "Ingesters hold samples, lines and spans that are in no bucket yet. Those of a pod that is scaled down are missing from queries, and lost where as many go as there are replicas of a series. Nothing in the new manifests shows it: only the comparison with the old ones does.",
    remedy:
      "Let the members that go flush and leave the ring first. Then acknowledge the change with a waiver of this rule for the object; it is never reported as unused, and expires.",
  },
  ({ set: objects, previous = [] }) =>
    previous.flatMap((before) => {
      const members = ringMembersOf(before.raw);
      if (!members) return [];
      const after = objects.find("StatefulSet", before.namespace, before.name);
      return [
        {
          object: after ?? new KubernetesObject(before.raw),
          check: () =>
            decided(function* () {
              const left = after === undefined ? 0 : (ringMembersOf(after.value)?.replicas ?? 0);
              if (left >= members.replicas) return;
              const path = ["spec", "replicas"];
              const fix = after ? [set(path, members.replicas)] : [{ create: before.raw }];
              yield {
                message: `${left === 0 ? "none" : left} of ${members.replicas} members are left: ${members.first}`,
                path,
                fix,
              };
            }),
        },
      ];
    }),
);

/** Rules that compare with the objects before a change. */
export const ringRules: readonly Rule[] = [fewerMembers];
