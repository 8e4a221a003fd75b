/*
 * Fixes that are not a value to paste. They are comments, so that pasting them changes nothing, in the few forms that
 * stacks/fixes.test.ts follows.
 */

/** The key has to go. @param why it is not needed, or what to do instead */
export const removeKey = (key: string, why?: string): string =>
  `# remove the key ${JSON.stringify(key)}${why === undefined ? "" : `: ${why}`}`;

/** An item of a list has to go. @param index from 0 */
export const removeItem = (index: number): string => `# remove item ${index + 1} of the list`;

/** The key has another name. */
export const renameKey = (key: string, to: string): string =>
  `# rename the key ${JSON.stringify(key)} to ${JSON.stringify(to)}`;
