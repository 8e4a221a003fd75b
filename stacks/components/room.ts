import type { z } from "zod";
import type { ExternalEndpoints, ObservabilityProps } from "../../components/observability.ts";
import type { CheckedStack } from "../checks.ts";
import type { Facts } from "../facts.ts";
import type { Problem } from "../problem.ts";
import type { ResolvedStack } from "../resolve.ts";
import type { StackConfig } from "../schema.ts";
import type { Prerequisite } from "./needs.ts";

/** Everything the stack file can say about one component, and what follows from it. Each file in this folder is one. */
export interface ComponentRoom {
  /** What is allowed under `skopos:components.<name>`. */
  readonly schema: z.ZodType;
  /** Props of the component's charts. Empty if the component is off or externally managed. @default none */
  readonly settings?: (facts: Facts) => Partial<ObservabilityProps>;
  /** Endpoints of an externally managed instance. @default none */
  readonly external?: (config: StackConfig) => ExternalEndpoints;
  /** Settings that can be read and cannot be deployed. @default none */
  readonly checks?: (stack: CheckedStack) => readonly Problem[];
  /** What must exist in the cluster before the component starts. @default nothing */
  readonly prerequisites?: (stack: ResolvedStack) => readonly Prerequisite[];
}
