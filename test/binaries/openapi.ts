// The OpenAPI documents of every supported Kubernetes minor, as published inside the module k8s.io/kubernetes.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "./cache.ts";

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
  const file = join(cacheRoot(), "openapi", `${version}.json`);
  if (!existsSync(file)) download(version, sum, file);
  return JSON.parse(readFileSync(file, "utf8")) as OpenApi;
}

function download(version: string, sum: string, file: string): void {
  // A module cache of its own, deleted afterwards: the sources of six versions of Kubernetes are 600 MB.
  const modules = mkdtempSync(join(tmpdir(), "skopos-openapi-"));
  try {
    const printed = execFileSync("go", ["mod", "download", "-json", `k8s.io/kubernetes@${version}`], {
      cwd: modules,
      encoding: "utf8",
      timeout: 300_000,
      // The checksum is the one above: not every proxy serves the checksum database.
      env: {
        ...process.env,
        GOMODCACHE: modules,
        GOFLAGS: "-modcacherw",
        GONOSUMDB: "k8s.io/kubernetes",
        GOWORK: "off",
      },
    });
    const { Sum, Dir } = JSON.parse(printed) as { Sum: string; Dir: string };
    if (Sum !== sum) throw new Error(`k8s.io/kubernetes@${version} has checksum ${Sum}, not ${sum}`);
    mkdirSync(join(cacheRoot(), "openapi"), { recursive: true });
    copyFileSync(join(Dir, "api/openapi-spec/swagger.json"), `${file}.${process.pid}`);
    chmodSync(`${file}.${process.pid}`, 0o644);
    renameSync(`${file}.${process.pid}`, file);
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}
