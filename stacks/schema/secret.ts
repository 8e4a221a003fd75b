import { z } from "zod";

/** A Secret's key, by reference. */
export const secretKeySchema = z.strictObject({
  secret: z.string().min(1).describe("Name of the Secret, in the stack's namespace."),
  key: z.string().min(1).describe("Key in it."),
});
