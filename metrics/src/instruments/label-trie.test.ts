import fc from "fast-check";
import { expect, it } from "vitest";
import { LabelTrie } from "./label-trie.ts";

it("is a map of tuples, whatever was added and removed", () => {
  const value = fc.constantFrom("a", "b", "", "a|b", 1, "1");
  const tuple = fc.tuple(value, value, value);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), tuple)), fc.array(tuple), (acts, asked) => {
      const trie = new LabelTrie<number>();
      const model = new Map<string, number>();
      for (const [i, [add, key]] of acts.entries()) {
        const name = JSON.stringify(key);
        if (add) {
          trie.set(key, i);
          model.set(name, i);
        } else {
          trie.delete(key);
          model.delete(name);
        }
      }
      for (const key of asked) expect(trie.get(key)).toBe(model.get(JSON.stringify(key)));
      // Nothing is left behind when the last tuple goes.
      for (const key of model.keys()) trie.delete(JSON.parse(key) as unknown[]);
      expect(trie.root.size).toBe(0);
    }),
  );
});
