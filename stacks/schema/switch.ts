import { z } from "zod";
import { httpUrl, tenantId } from "../../lib/formats/index.ts";
import { text } from "../formats.ts";

/** An externally managed component: it is not deployed, and others connect to its URL. */
export const externalSchema = z.strictObject({
  url: text(httpUrl).describe("URL with scheme, port and path: https://mimir.example.com."),
  tenant: text(tenantId).optional().describe("Tenant, sent as X-Scope-OrgID. By default none."),
});

/** `on`, `off` (YAML 1.1 reads true and false), or an object of options, which means on. */
function expandSwitch(value: unknown): unknown {
  if (value === "on" || value === true) return { enabled: true };
  if (value === "off" || value === false) return { enabled: false };
  return value;
}

/** Marks a switch for the JSON Schema: the two words are allowed beside the object. */
export const switchMeta = "x-skopos-switch";

/** A component that can be `on`, `off` or given options. */
export function switchable<Shape extends z.ZodRawShape>(shape: Shape, on: boolean) {
  const options = z.strictObject({
    enabled: z.boolean().default(true).describe("Whether it is deployed."),
    ...shape,
  });
  type Written = "on" | "off" | boolean | z.input<typeof options>;
  return z
    .preprocess((value: Written) => expandSwitch(value), options)
    .prefault({ enabled: on } as Written)
    .meta({ [switchMeta]: true });
}
