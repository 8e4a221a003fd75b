import type { IProbe } from "kubernetes-models/v1/Probe";

/** How the kubelet asks a container how it is: one HTTP path a question, on one port; `tcp` asks whether the port is open. */
export interface Probes {
  /** Name of the container port. */
  readonly port: string;
  /** Asked until it answers, then never again. @default the readiness path */
  readonly startup?: string;
  readonly readiness: string;
  /** @default none: a restart rarely mends what is not ready */
  readonly liveness?: string;
  /** Longest time to start, in seconds: a WAL replay takes minutes. @default 300 */
  readonly startupSeconds?: number;
}

/** Seconds between two questions. 5 s while starting, so that a quick start is seen quickly. */
const startupPeriod = 5;
const period = 10;

/** The three probe fields of a container. */
export function probeFields(probes: Probes): {
  startupProbe: IProbe;
  readinessProbe: IProbe;
  livenessProbe?: IProbe;
} {
  const get = (path: string) =>
    path === "tcp" ? { tcpSocket: { port: probes.port } } : { httpGet: { path, port: probes.port } };
  return {
    startupProbe: {
      ...get(probes.startup ?? probes.readiness),
      periodSeconds: startupPeriod,
      failureThreshold: Math.ceil((probes.startupSeconds ?? 300) / startupPeriod),
    },
    readinessProbe: { ...get(probes.readiness), periodSeconds: period, timeoutSeconds: 3 },
    ...(probes.liveness && {
      livenessProbe: { ...get(probes.liveness), periodSeconds: period, timeoutSeconds: 5, failureThreshold: 6 },
    }),
  };
}
