import { createHash } from "node:crypto";
import type { ComponentChart } from "./chart.ts";
import type { Labels } from "./labels.ts";

/** A ConfigMap of this chart, as volumes and pod annotations need it. */
export interface ConfigMapRef {
  readonly name: string;
  /** Hash of its data. Undefined if the program reloads its files, so that a change does not restart pods. */
  readonly hash: string | undefined;
}

/** Annotation of pod templates with the hash of one ConfigMap: a changed configuration triggers a rollout. */
export const configHashAnnotation = (configMap: string): string => `checksum/${configMap}`;

/** First 16 hex digits of the SHA-256 of a ConfigMap's data, by sorted key. */
export function configHash(data: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(data).sort();
  return createHash("sha256")
    .update(JSON.stringify(sorted.map((key) => [key, data[key]])))
    .digest("hex")
    .slice(0, 16);
}

/** Adds a ConfigMap. With `reloads`, the program watches the files and a change must not trigger a rollout. */
export function configMap(
  chart: ComponentChart,
  part: string,
  name: string,
  data: Readonly<Record<string, string>>,
  options: { readonly reloads?: boolean; readonly labels?: Labels; readonly annotations?: Labels } = {},
): ConfigMapRef {
  const { annotations } = options;
  const metadata = { ...chart.metadata(name, part, options.labels), ...(annotations && { annotations }) };
  chart.add({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
  return { name, hash: options.reloads ? undefined : configHash(data) };
}
