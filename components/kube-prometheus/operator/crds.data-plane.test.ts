import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { images } from "../../../lib/kubernetes/index.ts";
import { generatedCrdFile } from "../../../test/binaries/crds.ts";
import { generatedCrds } from "./crds.ts";

test("the CRDs are those that the operator prints", () => {
  const committed = readFileSync(new URL("./crds.generated.json", import.meta.url), "utf8");
  // Compared as text: the file must be what the command in it writes.
  expect(committed === generatedCrdFile(), `stale: ${generatedCrds().command}`).toBe(true);
});

test("the CRDs have the version of the operator that the stack runs", () => {
  expect(generatedCrds().source).toMatch(new RegExp(` ${images["prometheus-operator"].tag}$`));
});
