/** One level of the map. */
export type Node = Map<unknown, unknown>;

/**
 * A map from tuples of label values to `T`: one Map a label, one inside the other. Nothing is joined to a key, so no character
 * in a value can make two tuples the same, and a look-up allocates nothing.
 */
export class LabelTrie<T> {
  /** The outermost Map; with a depth of zero it holds one value under `undefined`. */
  readonly root: Node = new Map();

  get(values: readonly unknown[]): T | undefined {
    let node: unknown = this.root;
    for (const value of values) {
      if (node === undefined) return undefined;
      node = (node as Node).get(value);
    }
    return values.length === 0 ? (this.root.get(undefined) as T | undefined) : (node as T | undefined);
  }

  set(values: readonly unknown[], item: T): void {
    let node = this.root;
    for (let i = 0; i < values.length - 1; i++) {
      let next = node.get(values[i]) as Node | undefined;
      if (next === undefined) {
        next = new Map();
        node.set(values[i], next);
      }
      node = next;
    }
    node.set(values.at(-1), item);
  }

  /** Removes one tuple and the Maps that it leaves empty. */
  delete(values: readonly unknown[]): void {
    const path: Node[] = [this.root];
    for (let i = 0; i < values.length - 1; i++) {
      const next = path[i]!.get(values[i]) as Node | undefined;
      if (next === undefined) return;
      path.push(next);
    }
    path.at(-1)!.delete(values.at(-1));
    for (let i = path.length - 1; i > 0 && path[i]!.size === 0; i--) path[i - 1]!.delete(values[i - 1]);
  }
}
