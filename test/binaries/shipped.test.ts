// The versions that stacks run are the versions that the tests run.
import { expect, test } from "vitest";
import { type ImageName, images } from "../../lib/kubernetes/index.ts";
import { realPrograms } from "../cluster/component-images.ts";
import { findProgram, testedVersion } from "./catalogue.ts";

/** Where they differ, and why: image version, tested version, reason. */
const differences: Readonly<Partial<Record<ImageName, readonly [shipped: string, tested: string, why: string]>>> = {
  alertmanager: ["0.33.1", "0.31.1", "the test module is behind; the image has the later fixes"],
  jaeger: ["2.14.0", "2.13.0", "the test module is behind; the image has the later fixes"],
  mimir: [
    "3.2.0",
    "1.3.1-0.20260423142704-aced80d74930",
    "Mimir's releases are no Go module versions: a commit is built",
  ],
};

test.each(Object.keys(realPrograms) as ImageName[])("%s: the image has the tested version", (name) => {
  const shipped = images[name].tag.replace(/^v/, "");
  const tested = testedVersion(findProgram(realPrograms[name]!)!);
  const difference = differences[name];
  if (difference) expect([shipped, tested]).toEqual(difference.slice(0, 2));
  else expect(shipped).toBe(tested);
});
