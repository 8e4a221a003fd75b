import type { IAffinity } from "kubernetes-models/v1/Affinity";
import type { IToleration } from "kubernetes-models/v1/Toleration";
import type { EnvValue } from "../container.ts";
import type { Image } from "../images.ts";
import type { Labels } from "../labels.ts";

/** What can be set for the pods of any workload. In a stack file the same names are used. */
export interface PodOptions {
  /** Labels that a node must have. @default none beyond `kubernetes.io/os: linux` */
  readonly nodeSelector?: Labels;
  /** Tolerations, in addition to those that the workload needs. @default none */
  readonly tolerations?: readonly IToleration[];
  /** Affinity, in addition to that which the workload needs: a node must satisfy both. @default none */
  readonly affinity?: IAffinity;
  /** PriorityClass; it must already exist. @default none */
  readonly priorityClassName?: string;
  /** Labels of the pods, beyond `app.kubernetes.io/` and `skopos.dev/`. @default none @example {"team": "platform"} */
  readonly podLabels?: Labels;
  /** Annotations of the pods. @default none @example {"sidecar.istio.io/inject": "false"} */
  readonly podAnnotations?: Labels;
  /** Environment variables of the main container. @default none @example {HTTPS_PROXY: "http://proxy.example.com:3128"} */
  readonly extraEnv?: Readonly<Record<string, EnvValue>>;
  /** The ServiceAccount of the pods. */
  readonly serviceAccount?: {
    /** Its annotations: the workload identity of a cloud. @default none */
    readonly annotations?: Labels;
  };
}

/** Amounts as Kubernetes writes them: `500m` or `2` of CPU, `2Gi` of memory. */
export interface ResourceAmounts {
  readonly cpu?: string | number;
  readonly memory?: string | number;
}

/** Replaces parts of an image reference. What is left out stays as it is in the catalogue. */
export interface ImageOverride {
  /** Registry, used as it is: mirrors do not apply. @default the catalogue's registry, or its mirror */
  readonly registry?: string;
  /** Repository without a registry. @default the catalogue's */
  readonly repository?: string;
  /** @default the catalogue's */
  readonly tag?: string;
  /** `sha256:...`. @default the catalogue's, none if the tag or the repository is replaced */
  readonly digest?: Image["digest"] | string;
}

/** What can be set for one workload. */
export interface WorkloadOptions extends PodOptions {
  /** Number of pods. @default computed */
  readonly replicas?: number;
  /** Requests and limits of the main container, which replace the computed ones. @default computed */
  readonly resources?: { readonly requests?: ResourceAmounts; readonly limits?: ResourceAmounts };
  /** Size of each pod's volume: `100Gi`. @default computed */
  readonly disk?: string | number;
  /** Image of the main container. @default the tested version */
  readonly image?: ImageOverride;
  /** Arguments of the main container, after its own. @default none @example ["--log.level=debug"] */
  readonly extraArgs?: readonly string[];
}

/** What can be set for a component. */
export interface ComponentOptions extends WorkloadOptions {
  /**
   * Options of single workloads by name, where a component has several: `{ingester: {disk: "100Gi"}}`.
   * @default none
   */
  readonly workloads?: Readonly<Record<string, WorkloadOptions>>;
  /**
   * Options that apply unless the component or the workload sets others. Where pods are scheduled does not apply to agents
   * that run on every node.
   * @default none
   */
  readonly defaults?: PodOptions;
}
