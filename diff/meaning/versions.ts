import type { ObjectChange } from "../model/changes.ts";
import { fieldNames, lastField } from "../model/compare.ts";
import { compareText, fields, type Manifest, nameOf } from "../model/object.ts";
import type { Meaning, Reader } from "./meaning.ts";
import { breakingChanges, removedApis } from "./version-tables.ts";

/** Image versions that change, with what is known to break on the way. */
export const imageMeaning: Reader = function* (changes) {
  const steps = new Map<
    string,
    { readonly before: string; readonly after: string; readonly objects: ObjectChange[] }
  >();
  for (const change of changes) {
    for (const field of change.fields) {
      const [before, after] = [field.before, field.after];
      const isImage = lastField(field.path) === "image" && typeof before === "string" && typeof after === "string";
      if (!isImage || fieldNames(field.path).includes("data")) continue;
      const key = `${before} ${after}`;
      const step = steps.get(key) ?? { before, after, objects: [] };
      step.objects.push(change);
      steps.set(key, step);
    }
  }
  for (const [, { before, after, objects }] of [...steps].sort(([a], [b]) => compareText(a, b))) {
    const [old, now] = [parseImage(before), parseImage(after)];
    const where = objects.length === 1 ? nameOf(objects[0]!.id) : `${objects.length} workloads`;
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "images",
      severity,
      text: words,
      object: objects[0]!.id,
    });
    if (old.repository !== now.repository) yield say("warning", `${where} runs ${after} instead of ${before}`);
    else if (old.version && now.version && compareVersions(now.version, old.version) < 0) {
      yield say(
        "danger",
        `${where} goes back from ${old.name} ${old.version} to ${now.version}: data written by the newer version may not be readable`,
      );
    } else yield say("info", `${where}: ${old.name} ${old.version ?? before} -> ${now.version ?? after}`);
    for (const { version, text, url } of breakingChanges[old.name] ?? []) {
      const crossed =
        old.version &&
        now.version &&
        compareVersions(old.version, version) < 0 &&
        compareVersions(now.version, version) >= 0;
      if (crossed) yield say("warning", `${old.name} ${version}: ${text} (${url})`);
    }
  }
};

interface Image {
  readonly repository: string;
  readonly name: string;
  readonly version?: string;
}

function parseImage(reference: string): Image {
  const [, repository = reference, tag] = /^([^@]+?)(?::([\w.+-]+))?(?:@.*)?$/.exec(reference) ?? [];
  const version = tag && /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1];
  return { repository, name: repository.slice(repository.lastIndexOf("/") + 1), ...(version && { version }) };
}

/** Orders dotted versions by number: `2.10` comes after `2.9`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** API versions that the target Kubernetes no longer serves, and ones that change. */
export const apiMeaning: Reader = function* (changes, { kubernetesVersion }) {
  for (const { id, before, after } of changes) {
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "api",
      severity,
      text: `${nameOf(id)} ${words}`,
      object: id,
    });
    if (before && after && before.apiVersion !== after.apiVersion)
      yield say("info", `uses ${after.apiVersion} instead of ${before.apiVersion}`);
    const removal = after && removalOf(after);
    if (!removal || !kubernetesVersion || compareVersions(kubernetesVersion, removal.removedIn) < 0) continue;
    yield say(
      "danger",
      `uses ${after.apiVersion}, which Kubernetes ${removal.removedIn} no longer serves: use ${removal.use}`,
    );
  }
};

const removalOf = ({ apiVersion, kind }: Manifest) =>
  fields(removedApis)[`${apiVersion} ${kind}`] as { removedIn: string; use: string } | undefined;
