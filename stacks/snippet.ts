/** A path as it is written in the file: the first key behind `skopos:`. */
export function configPath(path: readonly PropertyKey[]): string {
  const [first, ...rest] = path.map(String);
  return first === undefined ? "skopos:" : [`skopos:${first}`, ...rest].join(".");
}

/** YAML that sets one value at a path. */
export function snippet(path: readonly PropertyKey[], value: string): string {
  return path
    .map((key, depth) => {
      const name = depth === 0 ? `skopos:${String(key)}` : String(key);
      const last = depth === path.length - 1;
      return `${"  ".repeat(depth)}${name}:${last ? ` ${value}` : ""}`;
    })
    .join("\n");
}
