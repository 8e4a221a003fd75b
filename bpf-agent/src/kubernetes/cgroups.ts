import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Whose cgroup it is. */
export interface CgroupOwner {
  /** The pod's UID as the kubelet knows it: of a static pod, another than the API server's. */
  readonly pod: string;
  /** The container's identifier without its scheme; "" for what belongs to the pod as a whole. */
  readonly container: string;
}

/** Shortest time between two walks through the hierarchy, in milliseconds. */
const PAUSE_MS = 1_000;
/** Folders below the root that are looked into: kubelet.slice, kubepods.slice, quality of service, pod, container, two of its own. */
const DEPTH = 8;
/** Most identifiers that are remembered as of no pod. */
const MOST_OTHERS = 65_536;

/** Names of pods' cgroups by either driver: podUID, and kubepods-burstable-podUID.slice with underscores. */
const podFolder =
  /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
/** Of containers': the identifier, and cri-containerd-ID.scope or crio-ID.scope. */
const containerFolder = /(?:^|-)([0-9a-f]{64})(?:\.scope)?$/;

/** Finds the container that a cgroup of this node belongs to, by the identifier that the kernel has for it: its folder's inode. */
export class Cgroups {
  readonly #root: string;
  readonly #now: () => number;
  #known = new Map<number, CgroupOwner>();
  #others = new Set<number>();
  #walkedMs = Number.NEGATIVE_INFINITY;

  /** @param root of the host's cgroup v2 hierarchy */
  constructor(root: string, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  /** @returns undefined for a cgroup of no pod, or one that is not known yet */
  find(id: number): CgroupOwner | undefined {
    const known = this.#known.get(id);
    if (known !== undefined || id === 0 || this.#others.has(id)) return known;
    // A cgroup is there before a socket is made in it, and its number is never used again.
    if (this.#now() - this.#walkedMs < PAUSE_MS) return undefined;
    this.#walkedMs = this.#now();
    this.#walk(this.#root, undefined, 0);
    const found = this.#known.get(id);
    if (found === undefined) {
      if (this.#others.size >= MOST_OTHERS) this.#others = new Set();
      this.#others.add(id);
    }
    return found;
  }

  /** Forgets containers of pods that are known no longer. */
  forget(keep: (owner: CgroupOwner) => boolean): void {
    for (const [id, owner] of this.#known) if (!keep(owner)) this.#known.delete(id);
  }

  #walk(folder: string, owner: CgroupOwner | undefined, depth: number): void {
    for (const { name } of subfolders(folder)) {
      // At the root are folders of other services as well.
      if (depth === 0 && !name.includes("kube")) continue;
      const path = join(folder, name);
      const pod = podFolder.exec(name)?.[1]?.replaceAll("_", "-") ?? owner?.pod;
      const inside = pod && { pod, container: containerFolder.exec(name)?.[1] ?? owner?.container ?? "" };
      if (inside) this.#note(path, inside);
      if (depth < DEPTH) this.#walk(path, inside || undefined, depth + 1);
    }
  }

  #note(path: string, owner: CgroupOwner): void {
    try {
      this.#known.set(statSync(path).ino, owner);
    } catch {
      // The container ended while the hierarchy was walked.
    }
  }
}

function subfolders(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch {
    return [];
  }
}
