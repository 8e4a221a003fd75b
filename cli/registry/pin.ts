import type { ImageLock } from "../../stacks/image-lock.ts";
import { type Manifest, Registries, type RegistryOptions } from "./client.ts";
import { RegistryFailure } from "./failure.ts";
import { parseReference } from "./reference.ts";

/** What became of an image's digest since it was locked. */
export type DigestChange = "new" | "same" | "moved";

/** An image whose digest the registry gave. */
export interface ResolvedImage extends Manifest {
  readonly reference: string;
  readonly change: DigestChange;
  /** The digest in the lock file. @default none */
  readonly previous?: string;
}

/** An image whose digest the registry did not give. */
export interface FailedImage {
  readonly reference: string;
  readonly cause: string;
  readonly fix: string;
}

export interface Resolution {
  readonly images: readonly ResolvedImage[];
  readonly failed: readonly FailedImage[];
}

/** How many images are resolved at a time: registries limit the requests of a client. */
const atATime = 4;

/** Asks the registries for the digests of images. Every failure is part of the result. */
export async function resolveDigests(
  references: readonly string[],
  lock: ImageLock,
  options: RegistryOptions,
): Promise<Resolution> {
  const registries = new Registries(options);
  const results: (ResolvedImage | FailedImage)[] = [];
  const waiting = references.entries();
  const worker = async (): Promise<void> => {
    for (const [index, reference] of waiting) results[index] = await resolveDigest(registries, reference, lock);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return {
    images: results.filter((result) => "digest" in result),
    failed: results.filter((result) => "cause" in result),
  };
}

async function resolveDigest(
  registries: Registries,
  reference: string,
  lock: ImageLock,
): Promise<ResolvedImage | FailedImage> {
  const previous = lock.images[reference]?.digest;
  try {
    const manifest = await registries.manifest(parseReference(reference));
    const change = previous === undefined ? "new" : previous === manifest.digest ? "same" : "moved";
    return { reference, ...manifest, change, ...(previous !== undefined && { previous }) };
  } catch (error) {
    if (!(error instanceof RegistryFailure)) throw error;
    return { reference, cause: error.message, fix: error.fix };
  }
}

/** The lock file of what was resolved, sorted by reference. */
export function lockOf(images: readonly ResolvedImage[]): ImageLock {
  const sorted = images.toSorted((a, b) => (a.reference < b.reference ? -1 : 1));
  return {
    version: 1,
    images: Object.fromEntries(
      sorted.map(({ reference, digest, platforms }) => [
        reference,
        { digest, ...(platforms && { platforms: [...platforms] }) },
      ]),
    ),
  };
}
