import type { IPodSecurityContext } from "kubernetes-models/v1/PodSecurityContext";
import type { ISecurityContext } from "kubernetes-models/v1/SecurityContext";
import type { Platform } from "./cluster.ts";

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

/** What determines the user of a pod. */
export interface PodUser {
  /** User and group ID for which the image is made. */
  readonly user: number;
  /** @default false */
  readonly runAsRoot?: boolean;
  /** Whether it uses the host's network or file system. @default false */
  readonly onHost?: boolean;
}

/**
 * Security context of a pod: non-root, with the group of its volumes and the runtime's seccomp profile. On OpenShift, restricted-v2 gives
 * pods a user and a group of their namespace's range, and rejects any other; pods on the host run under `privileged`, with their own.
 * @see https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/authentication_and_authorization/managing-pod-security-policies
 */
export function podSecurity(
  platform: Platform,
  { user, runAsRoot = false, onHost = false }: PodUser,
): IPodSecurityContext {
  const id = runAsRoot ? 0 : user;
  const assigned = platform === "openshift" && !onHost && !runAsRoot;
  return {
    runAsNonRoot: !runAsRoot,
    ...(!assigned && { runAsUser: id, runAsGroup: id, fsGroup: id }),
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}
