import { App } from "cdk8s";
import { composeObservability } from "../components/observability.ts";
import type { ComponentChart, KubernetesObject } from "../lib/kubernetes/index.ts";
import { orProblems } from "./findings.ts";
import { readImageLock } from "./image-lock.ts";
import { readStackFile } from "./load.ts";
import { type ResolvedStack, resolve } from "./resolve.ts";

/** A stack with its charts: all that `render`, `plan` and `images` look at. */
export interface RenderedStack extends ResolvedStack {
  readonly charts: readonly ComponentChart[];
}

/** One object and the component it belongs to. */
export interface OwnedObject {
  readonly component: string;
  readonly object: KubernetesObject;
}

/**
 * Reads, resolves and composes a stack.
 * @param pinned whether images have the digests of the stack's lock file
 * @throws ConfigurationError with every problem at once
 */
export function loadStack(folder: string, stack: string, pinned = true): RenderedStack {
  const { raw, problems, hasEnvironment } = readStackFile(folder, stack);
  if (!pinned) return renderStack(resolve(raw, { stack, problems, hasEnvironment }));
  const { lock, problems: lockProblems } = readImageLock(folder, stack);
  return renderStack(
    resolve(raw, { stack, problems: [...problems, ...lockProblems], hasEnvironment, imageLock: lock }),
  );
}

/** Composes a resolved stack. @throws ConfigurationError if a chart finds what no check has found */
export function renderStack(resolved: ResolvedStack): RenderedStack {
  return { ...resolved, charts: orProblems(() => composeObservability(new App(), resolved.props)) };
}

/** Every object of a stack, in the order in which they must come up. */
export function objectsOf(stack: RenderedStack): readonly OwnedObject[] {
  return stack.charts.flatMap((chart) =>
    (chart.toJson() as KubernetesObject[]).map((object) => ({ component: chart.node.id, object })),
  );
}
