import { expect, test } from "vitest";
import type { RegisteredResource } from "./embedded.ts";
import { resourceTree } from "./tree.ts";

const component = (type: string, name: string): RegisteredResource => ({ type, name, component: true, inputs: {} });

const object = (kind: string, name: string, objectName: string): RegisteredResource => ({
  type: `kubernetes:core/v1:${kind}`,
  name,
  component: false,
  inputs: { metadata: { name: objectName } },
});

test("lists objects under their component, one line per kind, in any order of registration", () => {
  const resources = [
    object("Service", "o-mimir-service-b", "b"),
    component("skopos:index:Observability", "o"),
    component("skopos:index:MimirRules", "o-mimir-rules"),
    component("skopos:index:Mimir", "o-mimir"),
    object("ConfigMap", "o-mimir-rules-configmap-r", "r"),
    object("Service", "o-mimir-service-a", "a"),
  ];
  expect(resourceTree(resources)).toBe(
    ["Observability o", "  MimirRules o-mimir-rules", "    ConfigMap r", "  Mimir o-mimir", "    Service a, b"].join(
      "\n",
    ),
  );
});
