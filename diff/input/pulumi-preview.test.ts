import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPulumiPreview } from "./pulumi-preview.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-saved-preview-"));
afterAll(() => rmSync(folder, { recursive: true }));

function saved(preview: unknown): string {
  const file = join(folder, "preview.json");
  writeFileSync(file, JSON.stringify(preview));
  return file;
}

const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "x" };
const state = (stringData: object) => ({
  type: "kubernetes:core/v1:Secret",
  inputs: { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "n" }, stringData },
});

test("a secret that Pulumi calls different differs, one beside it does not", () => {
  const inputs = { "a.b": secret, c: secret };
  const { before, after } = readPulumiPreview(
    saved({
      steps: [
        { op: "update", oldState: state(inputs), newState: state(inputs), detailedDiff: { 'stringData["a.b"]': {} } },
      ],
    }),
  );
  expect(before[0]?.stringData).toEqual({ "a.b": "[secret]", c: "[secret]" });
  expect(after[0]?.stringData).toEqual({ "a.b": "[another secret]", c: "[secret]" });
});

test("a preview that failed is not taken for one without changes", () => {
  const diagnostics = [{ severity: "error", message: "error: the program failed\n" }];
  expect(() => readPulumiPreview(saved({ steps: [], diagnostics }))).toThrow(/failed: error: the program failed$/);
  expect(readPulumiPreview(saved({ steps: [], diagnostics: [{ severity: "warning", message: "x" }] }))).toEqual({
    before: [],
    after: [],
  });
});
