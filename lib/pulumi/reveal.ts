import * as pulumi from "@pulumi/pulumi";
import { configHash, configHashAnnotation } from "../kubernetes/config-map.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { placeOf } from "./embedded.ts";
import { TokenTable } from "./tokens.ts";

/** Misuse of a component: reported as one sentence, without a stack trace. */
class BridgeError extends pulumi.RunError {}

/** Kinds whose names contain the namespace, and that only refer to each other. */
const clusterScoped: ReadonlySet<string> = new Set([
  "ClusterRole",
  "ClusterRoleBinding",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
]);

/** An object with its Outputs restored. @param resolveHash returns the hash of a ConfigMap whose data contains Outputs */
export function revealObject(
  object: KubernetesObject,
  tokens: TokenTable,
  resolveHash: (annotation: string) => pulumi.Input<string> | undefined,
): Record<string, unknown> {
  if (TokenTable.find(object.metadata.name).length > 0 && !clusterScoped.has(object.kind)) {
    throw new BridgeError(
      `the name of a ${object.kind} cannot be an Output: it must be known before anything runs. Give the component a plain \`name\`.`,
    );
  }
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      const isFiles =
        (object.kind === "ConfigMap" && key === "data") || (object.kind === "Secret" && key === "stringData");
      if (isFiles) return [key, revealFiles(object, value as Record<string, string>, tokens)];
      return [key, reveal(value, tokens, resolveHash)];
    }),
  );
}

function reveal(
  value: unknown,
  tokens: TokenTable,
  resolveHash: (annotation: string) => pulumi.Input<string> | undefined,
): unknown {
  if (typeof value === "string") return tokens.reveal(value);
  if (Array.isArray(value)) return value.map((item) => reveal(item, tokens, resolveHash));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveHash(key) ?? reveal(item, tokens, resolveHash)]),
  );
}

function revealFiles(object: KubernetesObject, files: Record<string, string>, tokens: TokenTable): unknown {
  const revealed = Object.entries(files).map(([name, text]) => {
    const held = TokenTable.find(text);
    if (held.length === 0) return [name, text] as const;
    const value = pulumi.output(tokens.reveal(text, placeOf(name)));
    return [name, object.kind === "ConfigMap" ? refuseSecrets(object, name, value) : value] as const;
  });
  return Object.fromEntries(revealed);
}

/** ConfigMaps are readable for everyone who may list them, and Pulumi's state would only encrypt its own copy. */
function refuseSecrets(object: KubernetesObject, file: string, value: pulumi.Output<string>): pulumi.Output<string> {
  const refusal = pulumi.isSecret(value).then((secret) => {
    if (!secret) return;
    throw new BridgeError(
      `ConfigMap ${object.metadata.name}: ${file} holds a secret Output. Put it into a Secret and refer to it by name and key.`,
    );
  });
  return pulumi.all([value, refusal]).apply(([text]) => text);
}

/** Hash of each ConfigMap whose data contains Outputs, by the annotation that carries it. */
export function revealedHashes(
  objects: readonly KubernetesObject[],
  tokens: TokenTable,
): ReadonlyMap<string, pulumi.Output<string>> {
  const hashes = new Map<string, pulumi.Output<string>>();
  for (const object of objects) {
    if (object.kind !== "ConfigMap") continue;
    const data = (object.data ?? {}) as Record<string, string>;
    if (!Object.values(data).some((text) => TokenTable.find(text).length > 0)) continue;
    const files = Object.fromEntries(
      Object.entries(data).map(([name, text]) => [name, tokens.reveal(text, placeOf(name))]),
    );
    hashes.set(configHashAnnotation(object.metadata.name), pulumi.output(files).apply(configHash));
  }
  return hashes;
}
