import type { ApiObject, ObjectSink } from "./reflector.ts";

/** What is kept of an object. */
export interface Facts {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** When the object was removed, in milliseconds of the Unix epoch; infinite while it exists. */
  goneMs: number;
}

/**
 * What is kept of the objects of a collection, by UID. Objects that are removed stay for a while, because records of flows that they
 * had a part in come later.
 */
export abstract class ObjectTable<T extends ApiObject, F extends Facts> implements ObjectSink<T> {
  readonly #byUid = new Map<string, { facts: F; list: number }>();
  readonly #now: () => number;
  #list = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#byUid.size;
  }

  get(uid: string): F | undefined {
    return this.#byUid.get(uid)?.facts;
  }

  beginList(): void {
    this.#list++;
  }

  upsert(object: T): void {
    const { uid } = object.metadata;
    const facts = this.keep(object, this.get(uid), this.#now());
    if (facts) this.#byUid.set(uid, { facts, list: this.#list });
  }

  remove(object: T): void {
    // What the object was last is in the event.
    this.upsert(object);
    const facts = this.get(object.metadata.uid);
    if (facts) this.#end(facts);
  }

  endList(): void {
    for (const { facts, list } of this.#byUid.values()) if (list !== this.#list) this.#end(facts);
  }

  /** Forgets what was removed before a time. */
  forget(beforeMs: number): void {
    for (const [uid, { facts }] of this.#byUid) {
      if (facts.goneMs >= beforeMs) continue;
      this.#byUid.delete(uid);
      this.forgotten(facts);
    }
  }

  /**
   * Keeps what is needed of an object.
   *
   * @param before what was kept of it before
   * @returns undefined for an object that is of no interest
   */
  protected abstract keep(object: T, before: F | undefined, nowMs: number): F | undefined;

  /** The object was removed. */
  protected abstract ended(facts: F, nowMs: number): void;

  /** What was kept of the object is forgotten. */
  protected abstract forgotten(facts: F): void;

  #end(facts: F): void {
    if (facts.goneMs !== Number.POSITIVE_INFINITY) return;
    facts.goneMs = this.#now();
    this.ended(facts, facts.goneMs);
  }
}
