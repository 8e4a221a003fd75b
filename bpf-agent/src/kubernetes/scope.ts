/** Which objects an agent watches: all pods, or only those of its node. */
export type Scope = "cluster" | "node";

/** Largest cluster in which every agent watches every pod; the README says what that costs. */
const MOST_NODES = 500;

/** The scope for a number of nodes. */
export const scopeForNodes = (nodes: number): Scope => (nodes > MOST_NODES ? "node" : "cluster");
