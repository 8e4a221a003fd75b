/** A key that needs no quotes. */
const bare = /^[\w-]+$/;

/**
 * A place as Pulumi writes it for `pulumi config set --path`: `alerts.receivers[1].labels["my team"]`.
 * @param path keys of mappings as text, positions in lists as numbers
 */
export function formatPlace(path: readonly PropertyKey[]): string {
  return path
    .map((key, depth) => {
      if (typeof key === "number") return `[${key}]`;
      const name = String(key);
      if (!bare.test(name)) return `[${JSON.stringify(name)}]`;
      return depth === 0 ? name : `.${name}`;
    })
    .join("");
}

/** Reads what {@link formatPlace} writes. */
export function parsePlace(place: string): (string | number)[] {
  return [...place.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w-]+)/g)].map(([, index, quoted, name]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (name as string) : (JSON.parse(quoted) as string);
  });
}

/** Whether a place is another one, or lies within it. */
export function liesWithin(place: string, holder: string): boolean {
  return place === holder || place.startsWith(`${holder}.`) || place.startsWith(`${holder}[`);
}
