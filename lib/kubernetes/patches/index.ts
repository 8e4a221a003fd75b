export { applyPatches } from "./apply.ts";
export type { Patch, PatchOperation, PatchTarget } from "./patch.ts";
