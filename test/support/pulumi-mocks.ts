import * as pulumi from "@pulumi/pulumi";
import { isSecret } from "../../cli/engine/embedded.ts";

/** A resource that a program registered under the SDK's mock monitor. */
export interface MockResource {
  readonly type: string;
  readonly name: string;
  readonly provider: string | undefined;
  readonly component: boolean;
  readonly inputs: Record<string, unknown>;
}

/** What a program did under mocks. */
export interface MockRun {
  readonly resources: readonly MockResource[];
  /** The only resource of a Kubernetes kind. @throws when there is none, or several */
  one(kind: string): MockResource;
}

/** Runs a program under mocks and waits until everything it registers is registered. @throws what the program throws, also late */
export async function runUnderMocks(
  program: () => unknown,
  options: { readonly preview?: boolean } = {},
): Promise<MockRun> {
  const resources: MockResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, provider, custom }) => {
        resources.push({ type, name, provider, component: custom !== true, inputs });
        return { id: `${name}-id`, state: inputs };
      },
      call: ({ inputs }) => inputs,
    },
    "test",
    "test",
    options.preview ?? false,
  );
  const late: unknown[] = [];
  const onRejection = (reason: unknown) => late.push(reason);
  process.on("unhandledRejection", onRejection);
  try {
    await program();
    await pulumi.runtime.disconnect();
    // Rejections are reported when the event loop turns.
    await new Promise((done) => setImmediate(done));
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  if (late.length > 0) throw late[0];
  return {
    resources,
    one(kind) {
      const found = resources.filter(({ type }) => type.endsWith(`:${kind}`));
      if (found.length !== 1) throw new Error(`${found.length} resources of kind ${kind}`);
      return found[0] as MockResource;
    },
  };
}

/** Inputs with secrets unwrapped. */
export function plain(value: unknown): unknown {
  if (isSecret(value)) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
