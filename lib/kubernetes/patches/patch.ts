/** Which objects a patch is for. */
export interface PatchTarget {
  /** Kind; `*` stands for any text. @example "StatefulSet" */
  readonly kind: string;
  /** Name; `*` stands for any text. @example "mimir-ingester-*" */
  readonly name: string;
  /** Namespace; `*` stands for any text. @default any, and objects without one */
  readonly namespace?: string;
}

/** One operation on one place. @see https://datatracker.ietf.org/doc/html/rfc6902 */
export type PatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

/** A change of rendered objects, for whatever no option covers. It has `merge`, `json` or both; `merge` comes first. */
export interface Patch {
  readonly target: PatchTarget;
  /**
   * Strategic merge patch: maps are merged, `null` removes a key, lists with a merge key are merged by it.
   * @default none
   * @see https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
   */
  readonly merge?: Readonly<Record<string, unknown>>;
  /** JSON patch (RFC 6902). @default none */
  readonly json?: readonly PatchOperation[];
}

/** Whether a text matches a pattern in which `*` stands for any text. */
export function matchesWildcard(text: string, pattern: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(text);
}
