import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Problem } from "./problem.ts";

/** Name of the file, beside the stack's own, that holds the digests of a stack's images. */
export const imageLockName = (stack: string): string => `images.${stack}.lock.json`;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/) as unknown as z.ZodType<`sha256:${string}`>;

const lockSchema = z.strictObject({
  version: z.literal(1),
  images: z.record(
    z.string(),
    z.strictObject({
      digest,
      // Absent for an image that is no index: then it is for one platform.
      platforms: z.array(z.string()).optional(),
    }),
  ),
});

/** Digests of a stack's images by reference, and the platforms of those that are indices. */
export type ImageLock = z.output<typeof lockSchema>;

/** What a stack's lock file says. Empty if there is none. */
export function readImageLock(folder: string, stack: string): { lock: ImageLock; problems: readonly Problem[] } {
  const empty: ImageLock = { version: 1, images: {} };
  const name = imageLockName(stack);
  const path = join(folder, name);
  // A link to a file that does not exist is no stack without a lock: its images would silently lose their digests.
  if (!lstatSync(path, { throwIfNoEntry: false })) return { lock: empty, problems: [] };
  const mistake = (message: string) => ({
    lock: empty,
    problems: [
      { code: "SKP1021" as const, path: name, message, fix: `# run: npx skopos images --stack ${stack} --pin` },
    ],
  });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return mistake(code ? `cannot be read (${code})` : "is not JSON");
  }
  const parsed = lockSchema.safeParse(content);
  if (parsed.success) return { lock: parsed.data, problems: [] };
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(" > ");
  return mistake(place ? `${place} is not what --pin writes there` : "is not what --pin writes");
}
