import type { IPodSecurityContext } from "kubernetes-models/v1/PodSecurityContext";
import type { ISecurityContext } from "kubernetes-models/v1/SecurityContext";

/** Privileges of a container beyond the restricted Pod Security level, with the reason. */
export interface Privileges {
  /** Why they are required. */
  readonly reason: string;
  /** Capabilities added to an otherwise empty set. They take effect for uid 0 only: added capabilities are not ambient. @default none */
  readonly capabilities?: readonly string[];
  /** @default false: the container runs as a non-root user */
  readonly runAsRoot?: boolean;
  /** @default false: the root file system is read-only */
  readonly writableRoot?: boolean;
}

/** Security context of a container: restricted, except for the stated privileges. */
export function containerSecurity(privileges?: Privileges): ISecurityContext {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: !privileges?.writableRoot,
    capabilities: { drop: ["ALL"], ...(privileges?.capabilities && { add: [...privileges.capabilities] }) },
    ...(privileges?.runAsRoot && { runAsUser: 0, runAsNonRoot: false }),
  };
}

/** Security context of a pod: non-root, with the group of its volumes and the runtime's seccomp profile. */
export function podSecurity(user: number, runAsRoot = false): IPodSecurityContext {
  return {
    runAsNonRoot: !runAsRoot,
    runAsUser: runAsRoot ? 0 : user,
    runAsGroup: runAsRoot ? 0 : user,
    fsGroup: runAsRoot ? 0 : user,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}
