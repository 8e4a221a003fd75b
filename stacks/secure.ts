/** What stands for a value that only Pulumi can read: `secure:` values, which are unknown offline and never wrong. */
export const unknownOffline = "known-to-pulumi-only";

/** A configuration whose `secure:` values are replaced by {@link unknownOffline}. */
export function hideSecure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecure);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === "secure") return unknownOffline;
  return Object.fromEntries(entries.map(([key, item]) => [key, hideSecure(item)]));
}
