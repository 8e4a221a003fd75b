// A reader finds the same rooms in every component: docs/architecture.md says what each is for.
import { existsSync, globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readPage, root } from "./markdown.ts";

const components = globSync("components/*/chart.ts", { cwd: root }).map((file) => basename(dirname(file)));

/** Rooms that every component has; alternatives are tried in order. */
const rooms = ["chart.ts", "shape.ts", "validate.ts", "sizing.ts", "index.ts", "monitoring|rules"];

test.each(components)("%s has every room", (component) => {
  const missing = rooms.filter(
    (room) => !room.split("|").some((name) => existsSync(join(root, "components", component, name))),
  );
  expect(missing).toEqual([]);
});

test.each(components)("the stack file's settings of %s are in one file", (component) => {
  // The operator's stack is several keys: prometheus, alertmanager and nodeExporter.
  const keys = component === "kube-prometheus" ? ["prometheus", "alertmanager", "node-exporter"] : [component];
  const files = keys.map((key) => `stacks/components/${key}.ts`);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test("the architecture page explains every room", () => {
  expect(components.length).toBeGreaterThan(8);
  const page = readPage("docs/architecture.md");
  const [, section = ""] = /## Rooms of a component\n([\s\S]*?)\n## /.exec(page) ?? [];
  const named = rooms
    .flatMap((room) => room.split("|"))
    .filter((room) => section.includes(`\`${room.replace(/^(monitoring|rules)$/, "$1/")}\``));
  expect(named).toEqual(rooms.flatMap((room) => room.split("|")));
});
