import { z } from "zod";
import { dnsSubdomain, secretKeyName } from "../../lib/formats/index.ts";
import { text } from "../formats.ts";

/** Message of the issue that something else than a reference to a Secret was found. */
export const plainSecret = "reference a Secret by {secret, key}";

/** A reference to a key of a Secret. */
export const secretKeySchema = z.strictObject(
  {
    secret: text(dnsSubdomain).describe("Name of a Secret in the stack's namespace."),
    key: text(secretKeyName).describe("Key in the Secret."),
  },
  { error: ({ code, input }) => (code === "invalid_type" && input !== undefined ? plainSecret : undefined) },
);
