import { release } from "node:os";

/** Oldest kernel the flow program loads on: atomics that return a value (5.12). Everything else it needs is older. */
export const minimumKernel = [5, 12] as const;

/** What a newer kernel adds; each has a fallback. */
export const kernelFeatures = {
  /** TCX links; before: clsact filters. */
  tcx: [6, 6],
} as const;

/** Why the agent cannot run on this host. */
export class UnsupportedHostError extends Error {
  readonly code = "UNSUPPORTED_HOST";
}

/** @returns Major and minor of a `uname -r` such as "6.1.0-18-amd64", or undefined when it is none. */
export function parseRelease(text: string): readonly [number, number] | undefined {
  const found = /^(\d+)\.(\d+)/.exec(text);
  return found ? [Number(found[1]), Number(found[2])] : undefined;
}

/**
 * @param text the kernel's release @default the running kernel's
 * @throws UnsupportedHostError with the reason and what to do.
 */
export function requireKernel(text: string = release(), platform: string = process.platform): void {
  if (platform !== "linux") {
    throw new UnsupportedHostError(`the flow agent needs Linux; this is ${platform}. Run it on the cluster's nodes.`);
  }
  const found = parseRelease(text);
  const [major, minor] = minimumKernel;
  if (found && (found[0] < major || (found[0] === major && found[1] < minor))) {
    throw new UnsupportedHostError(
      `the flow agent needs kernel ${major}.${minor} or newer (atomic operations that return a value); this host runs ` +
        `${text}. Keep the agent off such nodes with a nodeSelector, or upgrade them.`,
    );
  }
}
