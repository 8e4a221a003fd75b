import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { Observability } from "../../components/pulumi.ts";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { objectsOf } from "../../stacks/stack.ts";
import { type MockRun, plain, runUnderMocks } from "../support/pulumi-mocks.ts";
import { environments } from "./variants.ts";

const key = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata?.namespace ?? ""}/${metadata?.name}`;

const sorted = (objects: readonly KubernetesObject[]) =>
  Object.fromEntries([...objects].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map((object) => [key(object), object]));

describe.each(environments)("$name", ({ render }) => {
  const stack = render();
  let run: MockRun;
  beforeAll(async () => {
    run = await runUnderMocks(() => new Observability("observability", stack.props));
  });

  test("Pulumi registers what render writes, object by object", () => {
    const registered = run.resources
      .filter(({ component }) => !component)
      .map(({ inputs }) => plain(inputs) as KubernetesObject);
    expect(sorted(registered)).toEqual(sorted(objectsOf(stack).map(({ object }) => object)));
  });

  test("every name in Pulumi is its own", () => {
    const names = run.resources.map(({ type, name }) => `${type} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

test("a namespace that is an Output reaches every object", async () => {
  const { render } = environments[0] as (typeof environments)[number];
  const { props } = render();
  const later = pulumi.output(Promise.resolve("telemetry"));
  const run = await runUnderMocks(
    () => new Observability("o", { ...props, namespaces: { ...props.namespaces, stack: later, create: false } }),
  );
  const text = JSON.stringify(run.resources.map(({ inputs }) => plain(inputs)));
  expect(text).not.toContain("skoposoutput");
  expect(text).not.toContain('"namespace":"observability"');
  expect(text).not.toContain(".observability.svc");
});
