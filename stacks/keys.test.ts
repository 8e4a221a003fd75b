// Every key of a stack file changes some output: what is rendered, or else what the list below names.
import { expect, test } from "vitest";
import { liesWithin } from "../lib/formats/index.ts";
import { least } from "../test/support/rejected-stacks.ts";
import { bases, type Config, chosen, merged, secret } from "../test/support/stack-values.ts";
import { configurationSchema, type JsonSchema, knownKeys } from "./json-schema.ts";
import { planStack } from "./plan.ts";
import { ConfigurationError } from "./problem.ts";
import { exampleOf } from "./repair.ts";
import { resolve } from "./resolve.ts";
import { sharedKeys } from "./schema/options.ts";
import { configPath } from "./snippet.ts";
import { objectsOf, renderStack } from "./stack.ts";

/** One key with two values of what holds it, which differ in that key only. */
interface Pair {
  readonly key: string;
  readonly values: readonly [unknown, unknown];
}

/** Texts that are valid wherever an example is, and differ from it. */
function otherText(example: string): readonly string[] {
  return [
    `${example}2`,
    `${example}/2`,
    example.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)),
    example.replace(/[a-z](?=[^a-z]|$)/, "x"),
    `x${example}`,
    `/x${example}`,
  ].filter((text) => text !== example);
}

const examplesOf = (schema: JsonSchema): readonly unknown[] => (schema.examples ?? []) as readonly unknown[];

/** Pairs of values of one key that stands for itself. */
function leafPairs(schema: JsonSchema): readonly (readonly [unknown, unknown])[] {
  if (schema.enum) return schema.enum.flatMap((a, i, all) => all.slice(i + 1).map((b) => [a, b] as const));
  if (schema.type === "boolean") return [[true, false]];
  if (schema.const !== undefined) return [];
  const examples = examplesOf(schema);
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum = 1, maximum = 1000 } = schema as { minimum?: number; maximum?: number };
    const least = Math.max(minimum, -1000);
    return [least, least + 1, least + 2].map((value) => [value, Math.min(maximum, value + 1)] as const);
  }
  if (examples.length > 1) return examples.slice(1).map((other) => [examples[0], other] as const);
  const example = String(examples[0] ?? "text");
  return otherText(example).map((other) => [example, other] as const);
}

function* pairsOf(schema: JsonSchema, key: string): Generator<Pair> {
  const { properties, items, additionalProperties, propertyNames, anyOf, oneOf } = schema;
  for (const option of anyOf ?? oneOf ?? []) yield* pairsOf(option, key);
  if (properties) {
    const base = exampleOf(schema) as Config;
    const required = (schema.required ?? []) as readonly string[];
    for (const [name, inner] of Object.entries(properties)) {
      const path = key === "" ? name : `${key}.${name}`;
      const { [name]: _, ...without } = base;
      // An optional key beside none at all, and beside another value.
      if (!required.includes(name)) {
        const examples = inner.enum ?? (inner.type === "boolean" ? [true, false] : [exampleOf(inner)]);
        for (const each of examples) yield { key: path, values: [without, { ...without, [name]: each }] };
      }
      for (const { key: place, values } of pairsOf(inner, path)) {
        yield { key: place, values: values.map((each) => ({ ...base, [name]: each })) as [unknown, unknown] };
      }
    }
  } else if (items) {
    for (const { key: place, values } of pairsOf(items, `${key}[]`))
      yield { key: place, values: values.map((each) => [each]) as [unknown, unknown] };
    const item = exampleOf(items);
    yield { key, values: [[], [item]] };
  } else if (typeof additionalProperties === "object") {
    const name = String(exampleOf(propertyNames ?? {}));
    for (const { key: place, values } of pairsOf(additionalProperties, `${key}.*`))
      yield { key: place, values: values.map((each) => ({ [name]: each })) as [unknown, unknown] };
    yield { key, values: [{}, { [name]: exampleOf(additionalProperties) }] };
  } else for (const values of leafPairs(schema)) yield { key, values };
}

const outputs = new Map<string, { objects: string; plan: () => string } | undefined>();

/** What a configuration leads to. Undefined if it is not valid. */
function outputOf(config: unknown) {
  const text = JSON.stringify(config);
  if (!outputs.has(text)) {
    try {
      const stack = renderStack(resolve(config, { stack: "s" }));
      outputs.set(text, { objects: JSON.stringify(objectsOf(stack)), plan: () => JSON.stringify(planStack(stack)) });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      outputs.set(text, undefined);
    }
  }
  return outputs.get(text);
}

/** Keys that change something other than what is rendered or planned. */
const elsewhere: readonly (readonly [keys: RegExp, what: string])[] = [
  [/^cluster\.(context|kubeconfig)$/, "where `pulumi up` deploys to: stacks/program.ts"],
  [/^grafanaAdminPassword$/, "a Secret that `pulumi up` creates: stacks/program.test.ts"],
  [/^components\.(mimir|loki)\.bucketLifecycle$/, "what is valid: retention must not exceed it"],
  [/^(policies|waivers)\b/, "the findings of `skopos check`: cli/commands/check.test.ts"],
];

/** Keys that all components and workloads share: the test below sets them for each. */
const shared = new RegExp(
  `^(defaults$|components\\.\\w+\\.workloads\\b|(defaults|components\\.\\w+)\\.(${[...sharedKeys].join("|")})\\b)`,
);

const differ = (base: Config, values: readonly unknown[]): boolean => {
  const [a, b] = values.map((value) => outputOf(merged(base, value)));
  return a !== undefined && b !== undefined && (a.objects !== b.objects || a.plan() !== b.plan());
};

test("every key changes what is rendered or planned, except for those that change something else", () => {
  const pairs = Map.groupBy(pairsOf(configurationSchema(), ""), ({ key }) => key);
  const keys = [...pairs.keys()].filter((key) => !shared.test(key));
  // A mapping or a list has the effect of what is in it.
  const leaves = keys.filter((key) => !keys.some((each) => each.startsWith(`${key}.`) || each.startsWith(`${key}[`)));
  expect(leaves.length).toBeGreaterThan(150);
  expect(Object.keys(chosen).filter((key) => !leaves.includes(key))).toEqual([]);
  const dead = leaves.filter((key) => {
    if (elsewhere.some(([pattern]) => pattern.test(key))) return false;
    const [values, base = least] = chosen[key] ?? [];
    if (values) return !differ(base, values);
    return !bases.some((each) => pairs.get(key)?.some((pair) => differ(each, pair.values)));
  });
  expect(dead).toEqual([]);
});

/** One value for each option of a workload. */
const options: Readonly<Record<string, unknown>> = {
  nodeSelector: { a: "b" },
  tolerations: [{ key: "a" }],
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "a" }] } },
  priorityClassName: "a",
  podLabels: { a: "b" },
  podAnnotations: { a: "b" },
  extraEnv: { A: "b" },
  serviceAccount: { annotations: { a: "b" } },
  resources: { requests: { cpu: "1234m" } },
  image: { tag: "0.0.1" },
  extraArgs: ["--a"],
  replicas: 7,
  disk: "4321Gi",
};

/** Names of the objects of each component that has one main workload. */
const mainWorkloads = {
  otelAgent: /otel-agent/,
  otelGateway: /otel-gateway/,
  flowAgent: /flow-agent/,
  prometheus: /(Prometheus|ServiceAccount)\/.*prometheus/,
  alertmanager: /alertmanager/i,
  nodeExporter: /node-exporter/,
  pushgateway: /pushgateway/,
  grafana: /grafana/,
  mimir: /mimir/,
  loki: /loki/,
  traces: /jaeger/,
  alloy: /alloy/,
};

/** Paths of the workloads of a stack, with the names of their objects. */
const componentTargets = Object.entries(mainWorkloads).map(([name, objects]) => ({
  path: ["components", name],
  objects,
}));
const workloadTargets = (["mimir", "loki", "traces", "prometheus"] as const).flatMap((component) =>
  knownKeys(["components", component, "workloads"]).map((name) => ({
    path: ["components", component, "workloads", name],
    objects: new RegExp(`(^|[/-])${name === "operator" ? "prometheus-operator" : name}`),
  })),
);

const grown = {
  components: { pushgateway: "on", grafana: { database: { host: "db", name: "a", user: "b", password: secret } } },
};

test.each([
  ["components", merged(least, grown), componentTargets],
  ["single workloads", merged(bases[2], grown), workloadTargets],
] as const)("every option of %s changes the objects of its workload, or is rejected", (_, base, all) => {
  expect(Object.keys(options).sort()).toEqual([...sharedKeys].sort());
  const objectsOfStack = (config: unknown) => objectsOf(renderStack(resolve(config, { stack: "s" })));
  const named = (objects: ReturnType<typeof objectsOfStack>, names: RegExp): string =>
    JSON.stringify(objects.filter(({ object }) => names.test(`${object.kind}/${object.metadata.name}`)));
  const before = objectsOfStack(base);
  const dead = Object.entries(options).flatMap(([option, value]) => {
    let targets = all.filter(({ path }) => knownKeys(path).includes(option));
    for (;;) {
      const config = targets.reduce<unknown>(
        (each, { path }) =>
          merged(
            each,
            path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), { [option]: value }),
          ),
        base,
      );
      try {
        const after = objectsOfStack(config);
        return targets
          .filter(({ objects }) => named(after, objects) === named(before, objects))
          .map(({ path }) => [...path, option].join("."));
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        const rejected = error.problems.map((problem) => problem.path);
        const left = targets.filter(({ path }) => !rejected.some((place) => liesWithin(place, configPath(path))));
        expect(left.length, error.message).toBeLessThan(targets.length);
        targets = left;
      }
    }
  });
  expect(dead).toEqual([]);
});
