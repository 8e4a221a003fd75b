import { at, type Fields, fields, items, number, text, texts } from "./values.ts";

/** A workload whose pods hold, as members of a hash ring, what exists nowhere else yet. */
export interface RingMembers {
  readonly replicas: number;
  /** What has to happen before there are fewer of them. */
  readonly first: string;
}

/** Programs with such members by the name of their image: the targets that hold data, and how one leaves. */
const programs: Readonly<Record<string, { readonly targets: readonly string[]; readonly first: string }>> = {
  mimir: {
    targets: ["all", "write", "ingester"],
    first:
      "first call POST /ingester/prepare-instance-ring-downscale on each pod that goes, wait until queries no longer ask it (query_store_after), then POST /ingester/prepare-shutdown; one zone at a time (https://grafana.com/docs/mimir/latest/manage/run-production-environment/scaling-out/)",
  },
  loki: {
    targets: ["all", "write", "ingester"],
    first:
      "first call POST /ingester/prepare_shutdown on each pod that goes, so that it flushes to the bucket and leaves the ring",
  },
  tempo: {
    targets: ["all", "scalable-single-binary", "ingester", "live-store", "block-builder"],
    first: "first flush the pods that go (GET /flush, then GET /shutdown), one at a time",
  },
};

/** The ring members that a StatefulSet runs; undefined for any other object. */
export function ringMembersOf(object: Fields): RingMembers | undefined {
  if (object.kind !== "StatefulSet") return undefined;
  for (const [, container] of items(at(object, "spec", "template", "spec", "containers"))) {
    const program = programs[/(?:^|\/)([\w-]+)(?:[:@]|$)/.exec(text(container.image) ?? "")?.[1] ?? ""];
    if (program && targetsOf(container).some((target) => program.targets.includes(target)))
      return { replicas: number(fields(object.spec).replicas) ?? 1, first: program.first };
  }
  return undefined;
}

/** What the program runs as: `-target=ingester`; all of it without the flag. */
function targetsOf(container: Fields): readonly string[] {
  const words = [...texts(container.command), ...texts(container.args)];
  const flag = words.flatMap((word, index) => {
    const [, inline, value] = /^--?target(=(.*))?$/.exec(word) ?? [];
    return inline !== undefined ? [value as string] : /^--?target$/.test(word) ? [words[index + 1] ?? ""] : [];
  });
  return (flag[0] ?? "all").split(",");
}
