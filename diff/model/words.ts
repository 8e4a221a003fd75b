/** A stretch of a text that is in both versions, or in one of them. */
export interface Stretch {
  readonly in: "both" | "before" | "after";
  readonly text: string;
}

/** Texts up to this length are shown whole: a difference in them is seen at once. */
const short = 40;

/** Share of the longer text that both versions must have: below it they are two texts, not one that changed. */
const leastCommon = 0.4;

/** Most comparisons of two words: beyond, the texts are shown as they are. */
const mostComparisons = 1_000_000;

/**
 * What changes from one long text to another, word by word. White space is shortened to one blank.
 *
 * @returns undefined where both are short, or have too little in common
 */
export function changedWords(before: string, after: string): readonly Stretch[] | undefined {
  if (Math.max(before.length, after.length) <= short) return undefined;
  const [left, right] = [wordsOf(before), wordsOf(after)];
  const end = (words: readonly string[], count: number) => words[words.length - 1 - count];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let tail = 0;
  const room = Math.min(left.length, right.length) - start;
  while (tail < room && end(left, tail) === end(right, tail)) tail++;
  const [old, now] = [left.slice(start, left.length - tail), right.slice(start, right.length - tail)];
  if (old.length * now.length > mostComparisons) return undefined;
  const stretches = joined([
    ...left.slice(0, start).map((text): Stretch => ({ in: "both", text })),
    ...aligned(old, now),
    ...left.slice(left.length - tail).map((text): Stretch => ({ in: "both", text })),
  ]);
  const common = stretches.reduce((sum, each) => sum + (each.in === "both" ? each.text.length : 0), 0);
  return common / Math.max(before.length, after.length) < leastCommon ? undefined : stretches;
}

/** Words, runs of blanks as one, and every other character by itself. */
const wordsOf = (text: string): readonly string[] =>
  text.replace(/\s+/g, " ").match(/[\p{L}\p{N}_]+|[^\p{L}\p{N}_]/gu) ?? [];

/** The longest common subsequence of two lists of words, and what stands between. */
function aligned(before: readonly string[], after: readonly string[]): readonly Stretch[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const found: Stretch[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      found.push({ in: "both", text: before[i++]! });
      j++;
    } else if (j >= after.length || (i < before.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!))
      found.push({ in: "before", text: before[i++]! });
    else found.push({ in: "after", text: after[j++]! });
  }
  return found;
}

/** Neighbours of one kind as one stretch. */
function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const each of stretches) {
    const last = found.at(-1);
    if (last?.in === each.in) found[found.length - 1] = { in: each.in, text: last.text + each.text };
    else found.push(each);
  }
  return found;
}

/** Characters of what did not change that are shown on each side of a change. */
const context = 24;

/** Changed words on one line: `rate(x[[-5m-]{+10m+}]) > …`. Long stretches without a change are left out. */
export function wordsText(stretches: readonly Stretch[]): string {
  return stretches
    .map(({ in: side, text }, index) => {
      if (side !== "both") return side === "before" ? `[-${text}-]` : `{+${text}+}`;
      const head = index === 0 ? "" : text.slice(0, context);
      const tail = index === stretches.length - 1 ? "" : text.slice(-context);
      return text.length <= head.length + tail.length + 1 ? text : `${head}…${tail}`;
    })
    .join("");
}
