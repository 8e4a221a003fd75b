import { readFileSync } from "node:fs";
import { type Fields, fields, isFields, items, list, type Manifest, text } from "../model/object.ts";
import { DiffInputError } from "./errors.ts";
import type { ObjectPair } from "./folders.ts";

/** What Pulumi writes where a value is not known before `pulumi up` (sdk/go/common/resource/plugin, UnknownStringValue and its kin). */
const unknownValues: ReadonlySet<string> = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Marks an object that stands for a secret (sdk/go/common/resource/sig, Key and Secret). */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** The text that stands for a value which only Pulumi knows, in every report. */
const unknownToPulumi = "<known after pulumi up>";

/**
 * The Kubernetes objects of a saved `pulumi preview --json`: as they are, and as they will be. Only `--json` with
 * `--show-sames` left out is needed; unchanged resources are not looked at.
 *
 * @throws DiffInputError where the file is no such preview
 */
export function readPulumiPreview(file: string): ObjectPair {
  let preview: unknown;
  try {
    preview = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new DiffInputError(
      `${file}: ${(error as Error).message}`,
      "save it with: pulumi preview --json > preview.json",
    );
  }
  if (!isFields(preview) || !Array.isArray(preview.steps)) {
    throw new DiffInputError(
      `${file} holds no preview: "steps" is missing`,
      "save it with: pulumi preview --json > preview.json",
    );
  }
  const failures = items(preview.diagnostics).filter(({ severity }) => severity === "error");
  if (failures.length > 0) {
    throw new DiffInputError(
      `${file} is of a preview that failed: ${text(failures[0]?.message)?.trim() ?? "it says no more"}`,
      "correct the program, and save a preview that succeeds",
    );
  }
  const steps = items(preview.steps);
  return {
    before: steps.flatMap(({ oldState, op }) =>
      op === "create" || op === "create-replacement" ? [] : objectOf(oldState),
    ),
    after: steps.flatMap(({ newState, op, detailedDiff }) =>
      op === "delete" || op === "delete-replaced" || op === "replace"
        ? []
        : objectOf(newState, Object.keys(fields(detailedDiff)).map(segments)),
    ),
  };
}

/** The object of a state; `changed` are the places that Pulumi calls different. */
function objectOf(state: unknown, changed: readonly (readonly string[])[] = []): readonly Manifest[] {
  const { type, inputs } = fields(state);
  if (!text(type)?.startsWith("kubernetes:") || !isFields(inputs)) return [];
  const { apiVersion, kind, metadata } = inputs;
  if (text(apiVersion) === undefined || text(kind) === undefined || text(fields(metadata).name) === undefined)
    return [];
  return [readable(inputs, [], changed) as Manifest];
}

/** The parts of a property path: `data["a.b"].c` is data, a.b and c. Source: sdk/go/property, path.go */
const segments = (path: string): readonly string[] =>
  [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, key, index, name]) => key ?? index ?? name ?? "",
  );

/**
 * Inputs with readable stand-ins for unknown and secret values, and without what the provider adds for itself. The CLI prints
 * every secret alike: one in a place that Pulumi calls different gets a stand-in of its own.
 */
function readable(value: unknown, path: readonly string[], changed: readonly (readonly string[])[]): unknown {
  if (typeof value === "string") return unknownValues.has(value) ? unknownToPulumi : value;
  if (Array.isArray(value)) return list(value).map((item, index) => readable(item, [...path, String(index)], changed));
  if (!isFields(value)) return value;
  if (value[signature] === secretSignature) {
    const differs = changed.some((place) => place.every((part, index) => index >= path.length || path[index] === part));
    return differs ? "[another secret]" : "[secret]";
  }
  return Object.fromEntries(
    Object.entries(value as Fields)
      .filter(([key]) => key !== "__initialApiVersion" && key !== "__defaults")
      .map(([key, item]) => [key, readable(item, [...path, key], changed)]),
  );
}
