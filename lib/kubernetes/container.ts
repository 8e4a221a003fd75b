import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import { formatPlace } from "../formats/index.ts";
import { bytesQuantity, cpuQuantity, InvalidPropsError, MiB, removeKey } from "../sizing/index.ts";
import type { ComponentChart } from "./chart.ts";
import type { ImageName } from "./images.ts";
import type { ImageOverride } from "./options/types.ts";
import { type Probes, probeFields } from "./probes.ts";
import { proxyEnvironment } from "./proxy.ts";
import { containerSecurity, type Privileges } from "./security.ts";
import type { Mount } from "./volumes.ts";

/** A value in a container's environment. */
export type EnvValue =
  | string
  | { readonly secret: string; readonly key: string; readonly optional?: boolean }
  /** A field of the pod: `spec.nodeName`, `metadata.name`, `status.podIP`. */
  | { readonly field: string };

/** Requests and limits of a container. */
export interface ContainerResources {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  /** @default memoryBytes */
  readonly memoryLimitBytes?: number;
  /** @default none: throttling hurts more than it protects */
  readonly cpuLimitCores?: number;
}

/** Fraction of a container's memory limit at which a program sheds load and the Go runtime collects more often. */
export const softMemoryShare = 0.8;

/** `GOMEMLIMIT` of a Go program: above it, the runtime spends CPU on garbage collection to avoid an OOM kill. */
export function goMemoryLimit(resources: Pick<ContainerResources, "memoryBytes" | "memoryLimitBytes">): string {
  const limit = resources.memoryLimitBytes ?? resources.memoryBytes;
  return `${Math.floor((limit / MiB) * softMemoryShare)}MiB`;
}

/** One container of a pod. */
export interface ContainerProps {
  readonly name: string;
  readonly image: ImageName;
  /** Parts of the image's reference to replace. @default none */
  readonly imageOverride?: ImageOverride;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** In order: a value can refer to an earlier one by `$(NAME)`. */
  readonly env?: Readonly<Record<string, EnvValue>>;
  /** Ports by name. Services, probes and monitors refer to the name. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Ports among them that are UDP. @default none */
  readonly udp?: readonly string[];
  /** @default none: only for sidecars without a port */
  readonly probes?: Probes;
  readonly resources: ContainerResources;
  readonly mounts?: readonly Mount[];
  /** Whether `kubectl describe` shows the end of its log as the reason why it failed. @default false */
  readonly explainsFailures?: boolean;
  /** What it may do beyond the restricted level. @default nothing */
  readonly privileges?: Privileges;
  /** A sidecar that starts before the other containers and ends after them (native sidecar, Kubernetes >= 1.29). @default false */
  readonly sidecar?: boolean;
}

/** An environment variable as a Kubernetes object. */
export function envVar(name: string, value: EnvValue): IEnvVar {
  if (typeof value === "string") return { name, value };
  if ("field" in value) return { name, valueFrom: { fieldRef: { fieldPath: value.field } } };
  const { secret, key, optional } = value;
  return { name, valueFrom: { secretKeyRef: { name: secret, key, ...(optional && { optional }) } } };
}

/** Asserts that variables are not among those of a container. @throws InvalidPropsError with every one that is */
export function assertNewVariables(chart: ComponentChart, env: object, added: object): void {
  const findings = Object.keys(added)
    .filter((name) => name in env)
    .map((name) => ({
      code: "SKP1309" as const,
      at: formatPlace(["extraEnv", name]),
      message: "is set by the component itself",
      fix: removeKey(name),
    }));
  if (findings.length > 0) throw new InvalidPropsError(chart.constructor.name, chart.name, findings);
}

/** The container as Kubernetes wants it. */
export function container(chart: ComponentChart, props: ContainerProps): IContainer {
  const { resources } = props;
  const env = { ...proxyEnvironment(chart), ...props.env };
  return {
    name: props.name,
    image: chart.image(props.image, props.imageOverride),
    imagePullPolicy: "IfNotPresent",
    ...(props.command && { command: [...props.command] }),
    ...(props.args && { args: [...props.args] }),
    ...(Object.keys(env).length > 0 && { env: Object.entries(env).map(([name, value]) => envVar(name, value)) }),
    ...(props.ports && {
      ports: Object.entries(props.ports).map(([name, containerPort]) => ({
        name,
        containerPort,
        protocol: props.udp?.includes(name) ? "UDP" : "TCP",
      })),
    }),
    resources: {
      requests: { cpu: cpuQuantity(resources.cpuCores), memory: bytesQuantity(resources.memoryBytes) },
      limits: {
        memory: bytesQuantity(resources.memoryLimitBytes ?? resources.memoryBytes),
        ...(resources.cpuLimitCores && { cpu: cpuQuantity(resources.cpuLimitCores) }),
      },
    },
    ...(props.probes && probeFields(props.probes)),
    ...(props.explainsFailures && { terminationMessagePolicy: "FallbackToLogsOnError" as const }),
    securityContext: containerSecurity(props.privileges),
    ...(props.mounts && {
      volumeMounts: props.mounts.map(({ volume, path, subPath, readOnly, propagation }) => ({
        name: volume.name,
        mountPath: path,
        ...(subPath && { subPath }),
        ...((readOnly ?? readOnlyByDefault(volume.source)) && { readOnly: true }),
        ...(propagation && { mountPropagation: propagation }),
      })),
    }),
    ...(props.sidecar && { restartPolicy: "Always" }),
  };
}

function readOnlyByDefault(source: object | undefined): boolean {
  return source !== undefined && ("configMap" in source || "secret" in source || "hostPath" in source);
}
