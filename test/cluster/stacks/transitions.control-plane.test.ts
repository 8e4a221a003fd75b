import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Update, updateOf } from "../../../diff/risk/update.ts";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { apply, nameOf, remove } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { transition } from "../transition.ts";
import { type Changes, prerequisites, variant } from "./variants.ts";

/** A single Tempo does not carry the spans from `large` on. */
const kafka: Changes = { "components.traces.kafka": { address: "kafka.example.com:9092" } };

// Seven profiles of one cluster, each to each other: 42 transitions. Scale, retention, availability, who runs the
// collectors and which components there are all change somewhere.
const profiles: Readonly<Record<string, Changes>> = {
  "small, ephemeral, single": { scale: "small", retention: "ephemeral", availability: "single" },
  "small, standard": { scale: "small", retention: "standard" },
  "medium, standard": { scale: "medium", retention: "standard" },
  "medium, extended, operator": { scale: "medium", retention: "extended", collectors: "operator" },
  "large, extended": { scale: "large", retention: "extended", ...kafka },
  "large, archive, no logs": {
    scale: "large",
    retention: "archive",
    ...kafka,
    "components.loki": false,
    "components.alloy": false,
  },
  "xlarge, extended": { scale: "xlarge", retention: "extended", ...kafka },
};

let cluster: Cluster;
const variants = new Map(Object.entries(profiles).map(([name, changes]) => [name, variant("prod", changes)]));
const names = [...variants.keys()];
const isDefinition = ({ kind }: KubernetesObject) => kind === "CustomResourceDefinition";

/** Guards of rings deny what must wait for pods. No pod runs here: components/mimir/ring-guard.control-plane.test.ts. */
const isGuard = ({ kind, metadata }: KubernetesObject) =>
  kind === "ValidatingAdmissionPolicyBinding" && /-(scale|scale-down|zones)$/.test(metadata.name);

/** A profile's objects without guards, and without its CRDs: those are the same in every profile, and applied once. */
const of = (name: string) => variants.get(name)!.objects.filter((object) => !isDefinition(object) && !isGuard(object));

/** Takes a profile away but for its namespaces, which are every profile's and take seconds to go. */
const clear = (name: string) =>
  remove(
    cluster.api,
    of(name).filter(({ kind }) => kind !== "Namespace"),
  );

beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
  const some = variants.get(names[0]!)!;
  await apply(cluster.api, [...prerequisites(some), ...some.objects.filter(isDefinition)]);
});
afterAll(() => cluster?.dispose());

type Kind = Update["kind"] | "created" | "removed";

/** What the model says of every object of either side. */
function predicted(from: readonly KubernetesObject[], to: readonly KubernetesObject[]): Record<string, Kind> {
  const before = new Map(from.map((object) => [nameOf(object), object]));
  const kinds = new Map<string, Kind>(from.map((object) => [nameOf(object), "removed"]));
  for (const object of to) {
    const old = before.get(nameOf(object));
    kinds.set(nameOf(object), old === undefined ? "created" : updateOf(old, object).kind);
  }
  return Object.fromEntries(kinds);
}

describe.each(names)("from %s", (from) => {
  beforeAll(() => apply(cluster.api, of(from)));
  afterAll(() => clear(from));

  it.each(names.filter((to) => to !== from))("to %s: the server does what the model says", async (to) => {
    const outcomes = await transition(cluster.api, of(from), of(to));
    const seen = Object.fromEntries([...outcomes].map(([name, { kind }]) => [name, kind]));
    expect(seen).toEqual(predicted(of(from), of(to)));
  });
});

describe("what the model calls immutable", () => {
  it("is named with its fields, and the server names the object too", async () => {
    const [from, to] = [of("small, ephemeral, single"), of("large, extended")];
    await apply(cluster.api, from);
    const outcomes = await transition(cluster.api, from, to);
    const refused = [...outcomes].filter(([, { kind }]) => kind === "immutable").map(([name]) => name);
    const before = new Map(from.map((object): [string, KubernetesObject] => [nameOf(object), object]));
    for (const name of refused) {
      const after = to.find((object) => nameOf(object) === name)!;
      expect(updateOf(before.get(name)!, after)).toMatchObject({ kind: "immutable", fields: [expect.any(String)] });
    }
    await clear("small, ephemeral, single");
  });
});
