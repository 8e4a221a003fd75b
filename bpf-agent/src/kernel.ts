import { release } from "node:os";

/** No kernel before it can load the flow program: programs without a packet came with 5.14. The oldest one tested is 6.1. */
export const minimumKernel = [5, 14] as const;

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
      `the flow agent needs kernel ${major}.${minor} or newer (BPF programs without a packet); this host runs ` +
        `${text}. Keep the agent off such nodes with a nodeSelector, or upgrade them.`,
    );
  }
}
