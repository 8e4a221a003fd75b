/** Readers attached in a test's namespaces. */
import type { ReaderOptions } from "../src/options.ts";
import { FlowReader } from "../src/reader.ts";
import { builtAddon } from "./harness.ts";
import type { Namespace } from "./netns.ts";

/** Bytes of the link header, which interfaces count and flows do not. */
export const ETHERNET = 14;

/** A reader on the interfaces of a namespace, once it is attached to `count` of them. */
export async function watch(namespace: Namespace, count: number, options: ReaderOptions = {}) {
  const attached: string[] = [];
  let changed = () => {};
  const reader = new FlowReader(
    { netns: namespace.path, drainMs: 10, ...options },
    {
      onInterface(change) {
        attached.push(`${change.attached ? "+" : "-"}${change.name}`);
        changed();
      },
    },
    builtAddon(),
  );
  const until = (length: number) =>
    new Promise<void>((resolve) => {
      changed = () => attached.length >= length && resolve();
      changed();
    });
  await until(count);
  return { reader, attached, until };
}

/** Sockets close and last acknowledgements pass after the program said it is done. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 300));
