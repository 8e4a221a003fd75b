import { z } from "zod";

/** A reference to a key of a Secret. */
export const secretKeySchema = z.strictObject({
  secret: z.string().min(1).describe("Name of a Secret in the stack's namespace."),
  key: z.string().min(1).describe("Key in the Secret."),
});
