/** Advice for a name that is none of `known`: the closest, or all of them. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [closest] = known
    .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits);
  if (closest && closest.edits <= Math.max(2, name.length / 3)) return `Did you mean ${closest.candidate}?`;
  return `Known: ${known.join(", ")}.`;
}

/**
 * Levenshtein's distance: insertions, deletions and replacements of one character. Written out here because this package
 * has no dependencies.
 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
