import { programPath } from "../binaries/find.ts";

const controlPlane = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
const node = ["kubelet", "kube-proxy", "containerd", "containerd-shim-runc-v2", "ctr", "coredns"] as const;
const simulation = ["kwok"] as const;

type Name = (typeof controlPlane)[number] | (typeof node)[number] | (typeof simulation)[number];

/** Paths of the programs a cluster runs. */
export type Binaries = Readonly<Record<Name, string>>;

/** Which programs a cluster with so many nodes needs. */
export const binariesFor = (nodes: { readonly real: number; readonly simulated: number }): readonly Name[] => [
  ...controlPlane,
  ...(nodes.real > 0 ? node : []),
  ...(nodes.simulated > 0 ? simulation : []),
];

/**
 * Finds them in the cache of programs.
 * @throws Error naming all that are missing, and the command that builds them.
 */
export function findBinaries(names: readonly Name[]): Binaries {
  const found = names.map((name) => [name, programPath(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0)
    throw new Error(
      `not built yet: ${missing.join(", ")}; node test/binaries/build.ts ${missing.join(" ")} builds them`,
    );
  return Object.fromEntries(found) as Binaries;
}
