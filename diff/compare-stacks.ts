import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RuleSettingsError } from "../policies/engine/check.ts";
import { type DiffOptions, diffObjects } from "./diff.ts";
import { DiffInputError } from "./input/errors.ts";
import { readFolders } from "./input/folders.ts";
import { readPulumiPreview } from "./input/pulumi-preview.ts";
import { RenderError, type Rendering, renderStackOf } from "./input/render.ts";
import { checkOut } from "./input/revision.ts";
import { same } from "./model/object.ts";
import { comparePolicies, type SidePolicies } from "./policies.ts";
import type { FailedDiff, Report, StackDiff } from "./report/report.ts";

export interface CompareOptions extends DiffOptions {
  /** Whether policy findings of both sides are compared. @default true */
  readonly policies?: boolean;
  /**
   * Settings, waivers and facts that the stack file of a project's folder has; undefined where it cannot be read. No code of the
   * project runs for it. @default none: every rule as it is
   */
  readonly policiesOf?: (project: string, stack: string) => SidePolicies | undefined;
  /** Gets one line for each slow step. @default none */
  readonly progress?: (line: string) => void;
}

/**
 * Compares the stacks of a project with those of a Git revision. Each side is rendered by its own code, in processes that get no
 * secret of this one; the work tree is only read.
 *
 * @param stacksOf names of the stacks in a project's folder
 * @throws DiffInputError where the revision cannot be checked out
 */
export async function compareRevision(
  project: string,
  revision: string,
  stacks: readonly string[],
  options: CompareOptions = {},
): Promise<Report> {
  const progress = options.progress ?? (() => {});
  const head = realpathSync(project);
  using scratch = scratchFolder();
  const renderHead = (stack: string) => settled(renderStackOf(head, stack, join(scratch.path, stack, "head")));
  // The first one is rendered while the revision is checked out.
  const [firstStack] = stacks;
  const first = firstStack === undefined ? undefined : renderHead(firstStack);
  using base = await afterwards(first, () => checkOut(project, revision, progress));
  const compared: StackDiff[] = [];
  const failed: FailedDiff[] = [];
  for (const stack of stacks) {
    progress(`rendering ${stack} at ${revision} and in the work tree ...`);
    const renderings = [
      settled(renderStackOf(base.project, stack, join(scratch.path, stack, "base"))),
      stack === firstStack && first ? first : renderHead(stack),
    ] as const;
    // Read while both render.
    const own = { before: options.policiesOf?.(base.project, stack), after: options.policiesOf?.(head, stack) };
    const [before, after] = await Promise.all(renderings);
    for (const [side, result] of [
      ["base", before],
      ["head", after],
    ] as const) {
      if (result.status === "rejected")
        failed.push({ stack, side, error: readable(result.reason, [base.project, scratch.path]) });
    }
    if (before.status !== "fulfilled" || after.status !== "fulfilled") continue;
    try {
      compared.push(compareRenderings(stack, before.value, after.value, options, own));
    } catch (error) {
      if (!(error instanceof RuleSettingsError)) throw error;
      failed.push({ stack, side: "head", error: `skopos:policies: ${error.message}` });
    }
  }
  return { base: `${revision} (${base.commit.slice(0, 10)})`, head: "work tree", stacks: compared, failed };
}

/** A promise that never rejects, so that it may be waited for later. */
async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}

/** What `make` returns; where it throws, only when `running` has ended, which writes to a folder that is about to be removed. */
async function afterwards<T>(running: Promise<unknown> | undefined, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await running;
    throw error;
  }
}

/** The policies of both sides, as far as their stack files could be read. */
type OwnPolicies = { readonly [side in "before" | "after"]: SidePolicies | undefined };

function compareRenderings(
  stack: string,
  before: Rendering,
  after: Rendering,
  options: CompareOptions,
  own: OwnPolicies,
): StackDiff {
  const kubernetesVersion = after.plan.kubernetesVersion;
  return {
    stack,
    ...compareFolderPair(before.folder, after.folder, { kubernetesVersion, ...options }, own),
    plans: { before: before.plan, after: after.plan },
  };
}

/** Compares two folders of manifests, of whatever origin. @throws ManifestError, DiffInputError */
export function compareFolders(before: string, after: string, options: CompareOptions = {}): Report {
  return { base: before, head: after, stacks: [compareFolderPair(before, after, options)], failed: [] };
}

function compareFolderPair(before: string, after: string, options: CompareOptions, own?: OwnPolicies): StackDiff {
  const pair = readFolders(before, after);
  const diff = diffObjects(pair.before, pair.after, options);
  if (options.policies === false || (diff.changes.length === 0 && sameSettings(own))) return { diff };
  // With the facts of one side alone, every finding that needs them would look new.
  const both = own?.before && own.after && { before: own.before, after: own.after };
  return { diff, policies: comparePolicies(before, after, both, pair.parsed) };
}

const sameSettings = (own: OwnPolicies | undefined): boolean => same(own?.before, own?.after);

/** What a saved `pulumi preview --json` would change. @throws DiffInputError */
export function comparePreview(file: string, options: CompareOptions = {}): Report {
  const { before, after } = readPulumiPreview(file);
  return { base: "deployed", head: file, stacks: [{ diff: diffObjects(before, after, options) }], failed: [] };
}

function scratchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "skopos-diff-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A failure as text, without the paths of temporary folders. */
function readable(reason: unknown, folders: readonly string[]): string {
  if (!(reason instanceof RenderError) && !(reason instanceof DiffInputError)) throw reason;
  return folders.reduce((text, folder) => text.replaceAll(folder, "."), reason.message);
}
