import type { Mutation } from "./mutation.ts";
import { pods } from "./pods.ts";
import { stores } from "./stores.ts";
import { telemetry } from "./telemetry.ts";
import { wiring } from "./wiring.ts";

/** Every mutation of the prod stack. */
export const mutations: readonly Mutation[] = [...pods, ...wiring, ...telemetry, ...stores];
