import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { ComponentChart, ObjectStore } from "../../lib/kubernetes/index.ts";
import type { KeyPair } from "../support/x509.ts";
import { type RunningProgram, ready, start } from "./process.ts";

/** Values of the Secret that the store's credentials are in. */
const keys = { id: "skopos-test", key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=" } as const;

/** A real S3 server with empty buckets, and how a stack's configuration names it. */
export interface S3Server extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly program: RunningProgram;
  /** Keys of the objects in a bucket, sorted. */
  objects(bucket: string): readonly string[];
}

/** Starts an S3 server whose buckets are folders. @param host loopback address that it binds @param tls certificate that it presents @default plain HTTP */
export async function startS3(
  folder: string,
  host: string,
  buckets: readonly string[],
  tls?: KeyPair,
): Promise<S3Server> {
  const root = join(folder, "buckets");
  const metadata = join(folder, "metadata");
  for (const path of [metadata, ...buckets.map((bucket) => join(root, bucket))]) mkdirSync(path, { recursive: true });
  const endpoint = `${host}:7070`;
  const region = "eu-test-1";
  const files = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  if (tls) {
    writeFileSync(files.cert, tls.certificate);
    writeFileSync(files.key, tls.key);
  }
  const secured = tls ? ["--cert", files.cert, "--key", files.key] : [];
  const general = ["--port", endpoint, "--region", region, "--health", "/health", "--quiet", ...secured];
  const program = start("versitygw", [...general, "posix", "--sidecar", metadata, root], {
    ROOT_ACCESS_KEY: keys.id,
    ROOT_SECRET_KEY: keys.key,
  });
  await ready(program, tls ? () => connects(host, 7070) : `http://${endpoint}/health`);
  const credentials = {
    accessKeyId: { secret: "bucket", key: "id" },
    secretAccessKey: { secret: "bucket", key: "key" },
  };
  return {
    store: { kind: "s3", endpoint, region, ...(!tls && { insecure: true }), credentials },
    program,
    objects: (bucket) => filesBelow(join(root, bucket)),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Whether something listens at an address. */
const connects = (host: string, port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, host);
    socket.once("error", () => done(false));
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
  });

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** The variables that a chart's only pod gets from the credentials' Secret, with the server's keys. */
export function secretEnv(chart: ComponentChart): Readonly<Record<string, string>> {
  const workload = chart.toJson().find(({ kind }) => kind === "StatefulSet");
  const [container] = workload.spec.template.spec.containers as IContainer[];
  return Object.fromEntries(
    Object.entries(secretValues(container?.env ?? [])).filter(([name]) => name.startsWith("OBJECT_STORE_")),
  );
}

/** A container's variables, those of the credentials' Secret with the server's keys. */
export function secretValues(env: readonly IEnvVar[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    env.flatMap(({ name, value, valueFrom }) => {
      const reference = valueFrom?.secretKeyRef;
      const found = reference?.name === "bucket" ? keys[reference.key as keyof typeof keys] : value;
      return found === undefined ? [] : [[name, found]];
    }),
  );
}
