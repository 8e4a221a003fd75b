import * as pulumi from "@pulumi/pulumi";
import { readStackFile } from "../../stacks/load.ts";

/** A resource as the program registered it. */
export interface RegisteredResource {
  /** `kubernetes:apps/v1:StatefulSet`, or a component's `skopos:index:Mimir`. */
  readonly type: string;
  readonly name: string;
  /** Whether it is a component resource, which only groups others. */
  readonly component: boolean;
  /** Its inputs; secrets are wrapped, see {@link isSecret}. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** How the Pulumi SDK marks a secret on the wire; it contains the plain value. */
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const signatureKey = "4dabf18193072939515e22adb298388d";

/** Whether a registered input is a secret. */
export function isSecret(value: unknown): value is { readonly value: unknown } {
  return value !== null && typeof value === "object" && Reflect.get(value, signatureKey) === secretSignature;
}

/** Placeholder for values that only Pulumi can decrypt. */
const unknownSecret = "[secret]";

/**
 * Runs the real index.ts in this process with the SDK's mock monitor: no CLI, cluster or account.
 * Works once per process, because Node loads index.ts once.
 */
export async function runEmbedded(folder: string, stack: string): Promise<readonly RegisteredResource[]> {
  const resources: RegisteredResource[] = [];
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ type, name, inputs, custom }) => {
      resources.push({ type, name, component: custom !== true, inputs });
      // Nothing reads the outputs of a CRD, and returning them would double the time of the preview.
      return { id: `${name}-id`, state: type.endsWith(":CustomResourceDefinition") ? {} : inputs };
    },
    call: ({ inputs }) => inputs,
  };
  await pulumi.runtime.setMocks(mocks, "skopos", stack, true);
  const { config, secretKeys } = pulumiConfig(folder, stack);
  pulumi.runtime.setAllConfig(config, secretKeys);
  await import("../../index.ts");
  await pulumi.runtime.disconnect();
  return resources;
}

/** A stack file's configuration as Pulumi passes it to a program: strings, and JSON for everything else. */
function pulumiConfig(folder: string, stack: string): { config: Record<string, string>; secretKeys: string[] } {
  const { raw } = readStackFile(folder, stack);
  const secretKeys: string[] = [];
  const reveal = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item) => reveal(key, item));
    if (value === null || typeof value !== "object") return value;
    if ("secure" in value) {
      secretKeys.push(`skopos:${key}`);
      return unknownSecret;
    }
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, reveal(key, item)]));
  };
  const config = Object.entries(raw).map(([key, value]): [string, string] => {
    const revealed = reveal(key, value);
    return [`skopos:${key}`, typeof revealed === "string" ? revealed : JSON.stringify(revealed)];
  });
  // A preview needs no password; the prerequisites name it.
  if (!("grafanaAdminPassword" in raw)) {
    secretKeys.push("skopos:grafanaAdminPassword");
    config.push(["skopos:grafanaAdminPassword", unknownSecret]);
  }
  return { config: Object.fromEntries(config), secretKeys };
}
