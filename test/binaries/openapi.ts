// The OpenAPI documents of every supported Kubernetes minor, as published inside the module k8s.io/kubernetes.
import { readModuleFile } from "./module-file.ts";

/** The version of each minor, with the module's checksum as go.sum would hold it. */
export const kubernetesModules = {
  "1.31": ["v1.31.14", "h1:UtjLfqvXLuSVDdJ4+NpQCIfFkKkLnAAVmxAEMsnkhjk="],
  "1.32": ["v1.32.13", "h1:5TGYdZ6YZqdp6h/Rp1vX/4TIoybMPdgv97LCZCtPuNQ="],
  "1.33": ["v1.33.13", "h1:bmH31xUdSzeA5vk0wZAK9MZp11mdLuzUSeKk0qN3hPQ="],
  "1.34": ["v1.34.4", "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="],
  "1.35": ["v1.35.4", "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM="],
  "1.36": ["v1.36.3", "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="],
} as const;

export type KubernetesMinor = keyof typeof kubernetesModules;

/** A schema of an OpenAPI 2.0 document, as far as objects are checked against it. */
export interface OpenApiSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema;
  readonly items?: OpenApiSchema;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

export interface OpenApi {
  readonly definitions: Readonly<Record<string, OpenApiSchema>>;
}

/**
 * The document of a minor: from the cache, or else from the Go module proxy (20 MB per minor, once).
 * @throws Error if the module cannot be downloaded, or is not what the checksum says
 */
export function openApi(minor: KubernetesMinor): OpenApi {
  const [version, sum] = kubernetesModules[minor];
  const path = "api/openapi-spec/swagger.json";
  const cached = `openapi/${version}.json`;
  return JSON.parse(readModuleFile({ module: "k8s.io/kubernetes", version, sum, path, cached })) as OpenApi;
}
