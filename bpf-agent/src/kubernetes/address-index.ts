/** Bytes of a key: an address, IPv4 as ::ffff:a.b.c.d. */
const KEY_BYTES = 16;
/** Words of a key. */
const WORDS = 4;
/** No owner, or no entry. */
export const NONE = -1;

/**
 * How long before its recorded beginning an owner may use an address that nobody else had then, in milliseconds: clocks of nodes
 * differ, and times of the API have whole seconds.
 */
const SLACK_MS = 5_000;

/**
 * Who had an address, and when: an open-addressed hash table from addresses to chains of entries, each an owner with the times from
 * which and until which it had the address. Everything is in typed arrays, so a lookup allocates nothing.
 */
export class AddressIndex {
  #keys = new Uint32Array(WORDS * 256);
  /** First entry of each place's chain; the owner that began last comes first. */
  #heads = new Int32Array(256).fill(NONE);
  /** Places with a key. */
  #places = 0;
  #owner = new Int32Array(64);
  #from = new Float64Array(64);
  #until = new Float64Array(64);
  /** The next entry of a chain, or of the free ones. */
  #next = new Int32Array(64);
  /** Entries that were ever used. */
  #entries = 0;
  #free = NONE;

  /** Bytes of the arrays. */
  get bytes(): number {
    const all = [this.#keys, this.#heads, this.#owner, this.#from, this.#until, this.#next];
    return all.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * An owner has the address from a time on. Of two owners, the one that began later has it from then on. Where the one before is known
   * to have ended, the next begins no earlier.
   */
  open(address: Uint8Array, owner: number, fromMs: number): void {
    const place = this.#claim(address);
    let from = fromMs;
    let before = NONE;
    for (let entry = this.#heads[place]!; entry !== NONE; entry = this.#next[entry]!) {
      const isOpen = this.#until[entry] === Number.POSITIVE_INFINITY;
      if (isOpen && this.#owner[entry] === owner) return;
      if (this.#from[entry]! > from) before = entry;
      else if (!isOpen) from = Math.max(from, this.#until[entry]!);
    }
    const entry = this.#take();
    this.#owner[entry] = owner;
    this.#from[entry] = from;
    this.#until[entry] = Number.POSITIVE_INFINITY;
    this.#next[entry] = before === NONE ? this.#heads[place]! : this.#next[before]!;
    if (before === NONE) this.#heads[place] = entry;
    else this.#next[before] = entry;
  }

  /** The owner has the address no longer. */
  close(address: Uint8Array, owner: number, untilMs: number): void {
    for (let entry = this.#first(address, 0); entry !== NONE; entry = this.#next[entry]!)
      if (this.#owner[entry] === owner) this.#until[entry] = Math.min(this.#until[entry]!, untilMs);
  }

  /** Forgets that the owner had the address. */
  remove(address: Uint8Array, owner: number): void {
    const place = this.#find(address, 0);
    if (place === NONE) return;
    let before = NONE;
    for (let entry = this.#heads[place]!; entry !== NONE; ) {
      const next = this.#next[entry]!;
      if (this.#owner[entry] !== owner) before = entry;
      else {
        if (before === NONE) this.#heads[place] = next;
        else this.#next[before] = next;
        this.#next[entry] = this.#free;
        this.#free = entry;
      }
      entry = next;
    }
  }

  /**
   * The owner of an address at a time.
   *
   * @param offset where the address begins in `bytes`
   * @returns {@link NONE} where nobody is known to have had it
   */
  ownerAt(bytes: Uint8Array, offset: number, atMs: number): number {
    let later = NONE;
    for (let entry = this.#first(bytes, offset); entry !== NONE; entry = this.#next[entry]!) {
      if (atMs < this.#from[entry]!) later = entry;
      else if (atMs < this.#until[entry]!) return this.#owner[entry]!;
      else break;
    }
    return later !== NONE && atMs >= this.#from[later]! - SLACK_MS ? this.#owner[later]! : NONE;
  }

  /** Whether the owner has or had the address. */
  has(bytes: Uint8Array, offset: number, owner: number): boolean {
    for (let entry = this.#first(bytes, offset); entry !== NONE; entry = this.#next[entry]!)
      if (this.#owner[entry] === owner) return true;
    return false;
  }

  #first(bytes: Uint8Array, offset: number): number {
    const place = this.#find(bytes, offset);
    return place === NONE ? NONE : this.#heads[place]!;
  }

  #find(bytes: Uint8Array, offset: number): number {
    const mask = this.#heads.length - 1;
    const a = word(bytes, offset);
    const b = word(bytes, offset + 4);
    const c = word(bytes, offset + 8);
    const d = word(bytes, offset + 12);
    const keys = this.#keys;
    for (let place = hash(a, b, c, d) & mask; ; place = (place + 1) & mask) {
      const at = WORDS * place;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return place;
      // No host has the address of all zeros: it stands for a place without one.
      if (!(keys[at]! | keys[at + 1]! | keys[at + 2]! | keys[at + 3]!)) return NONE;
    }
  }

  /** The address's place, a new one where it has none. */
  #claim(address: Uint8Array): number {
    const found = this.#find(address, 0);
    if (found !== NONE) return found;
    if (2 * (this.#places + 1) > this.#heads.length) this.#rebuild();
    this.#places++;
    return this.#insert(word(address, 0), word(address, 4), word(address, 8), word(address, KEY_BYTES - 4));
  }

  #insert(a: number, b: number, c: number, d: number): number {
    const mask = this.#heads.length - 1;
    let place = hash(a, b, c, d) & mask;
    const keys = this.#keys;
    while (keys[WORDS * place]! | keys[WORDS * place + 1]! | keys[WORDS * place + 2]! | keys[WORDS * place + 3]!)
      place = (place + 1) & mask;
    keys.set([a, b, c, d], WORDS * place);
    return place;
  }

  /** Leaves out addresses without owners, and makes room where all have some. */
  #rebuild(): void {
    const [keys, heads] = [this.#keys, this.#heads];
    const kept = heads.reduce((count, head) => count + (head === NONE ? 0 : 1), 0);
    const length = 2 ** Math.ceil(Math.log2(Math.max(256, 4 * (kept + 1))));
    this.#keys = new Uint32Array(WORDS * length);
    this.#heads = new Int32Array(length).fill(NONE);
    this.#places = kept;
    for (const [place, head] of heads.entries()) {
      if (head === NONE) continue;
      const at = WORDS * place;
      this.#heads[this.#insert(keys[at]!, keys[at + 1]!, keys[at + 2]!, keys[at + 3]!)] = head;
    }
  }

  #take(): number {
    const recycled = this.#free;
    if (recycled !== NONE) {
      this.#free = this.#next[recycled]!;
      return recycled;
    }
    if (this.#entries === this.#owner.length) {
      this.#owner = grown(this.#owner);
      this.#from = grown(this.#from);
      this.#until = grown(this.#until);
      this.#next = grown(this.#next);
    }
    return this.#entries++;
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

function hash(a: number, b: number, c: number, d: number): number {
  let mixed = Math.imul(a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b) ^ d, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x27d4eb2f);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function grown<T extends Int32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length);
  larger.set(array);
  return larger;
}
