import type { IProbe } from "kubernetes-models/v1/Probe";

/** Probes of a container: an HTTP path per probe on one port, or `tcp` to check that the port is open. */
export interface Probes {
  /** Name of the container port. */
  readonly port: string;
  /** Path of the startup probe. @default the readiness path */
  readonly startup?: string;
  readonly readiness: string;
  /** @default none: a restart rarely fixes a pod that is not ready */
  readonly liveness?: string;
  /** Port of the liveness probe. @default `port` */
  readonly livenessPort?: string;
  /** Longest time to start, in seconds: a WAL replay takes minutes. @default 300 */
  readonly startupSeconds?: number;
}

/** Seconds between probes. 5 s during startup, so that a fast start is noticed early. */
const startupPeriod = 5;
const period = 10;

/** The three probe fields of a container. */
export function probeFields(probes: Probes): {
  startupProbe: IProbe;
  readinessProbe: IProbe;
  livenessProbe?: IProbe;
} {
  const get = (path: string, port = probes.port) =>
    path === "tcp" ? { tcpSocket: { port } } : { httpGet: { path, port } };
  return {
    startupProbe: {
      ...get(probes.startup ?? probes.readiness),
      periodSeconds: startupPeriod,
      failureThreshold: Math.ceil((probes.startupSeconds ?? 300) / startupPeriod),
    },
    readinessProbe: { ...get(probes.readiness), periodSeconds: period, timeoutSeconds: 3 },
    ...(probes.liveness && {
      livenessProbe: {
        ...get(probes.liveness, probes.livenessPort),
        periodSeconds: period,
        timeoutSeconds: 5,
        failureThreshold: 6,
      },
    }),
  };
}
