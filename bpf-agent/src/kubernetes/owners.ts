import { type Facts, ObjectTable } from "./object-table.ts";
import type { ApiObject } from "./reflector.ts";

/** What an object is owned by. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** The owner that manages an object; of several, the controller. */
export function ownerOf({ metadata: { ownerReferences = [] } }: ApiObject): Owner | undefined {
  const owner = ownerReferences.find(({ controller }) => controller) ?? ownerReferences[0];
  return owner && { kind: owner.kind, name: owner.name, uid: owner.uid };
}

export interface OwnerFacts extends Facts {
  readonly owner: Owner | undefined;
}

/** ReplicaSets or Jobs, and what owns them. */
export class OwnerTable extends ObjectTable<ApiObject, OwnerFacts> {
  readonly #changed: () => void;

  /** @param changed is called where pods may have more owners than before */
  constructor(now: () => number, changed: () => void) {
    super(now);
    this.#changed = changed;
  }

  protected keep(object: ApiObject, before: OwnerFacts | undefined): OwnerFacts {
    const owner = ownerOf(object);
    if (before !== undefined && before.owner?.uid === owner?.uid) return before;
    const { uid, name, namespace = "" } = object.metadata;
    this.#changed();
    return { uid, name, namespace, owner, goneMs: Number.POSITIVE_INFINITY };
  }

  protected ended(): void {}
  protected forgotten(): void {}
}

/** Owners of owners that are followed: a pod of a CronJob has two. */
const DEPTH = 5;

/**
 * An owner, what owns it, and so on. Only ReplicaSets and Jobs are looked up: a reference already has an owner's name and UID, and what
 * owns a Deployment, StatefulSet, DaemonSet or CronJob is of a kind without an attribute.
 *
 * @param unknown is called for an owner that is not in its table
 */
export function ownerChain(
  first: Owner | undefined,
  tables: Readonly<Record<string, OwnerTable>>,
  unknown: (owner: Owner) => void,
): Owner[] {
  const chain: Owner[] = [];
  for (let owner = first; owner !== undefined && chain.length < DEPTH; ) {
    chain.push(owner);
    const facts: OwnerFacts | undefined = tables[owner.kind]?.get(owner.uid);
    if (facts === undefined && owner.kind in tables) unknown(owner);
    owner = facts?.owner;
  }
  return chain;
}
