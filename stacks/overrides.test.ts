import { expect, test } from "vitest";
import { withOverrides } from "./overrides.ts";
import { ConfigurationError } from "./problem.ts";
import { observabilityProps, resolve } from "./resolve.ts";

const raw = {
  cluster: { name: "c", version: "1.36", networkPolicies: false, context: "c" },
  retention: "standard",
  scale: "small",
  availability: "single",
  components: { mimir: { podLabels: { team: "a", cost: "1" }, replicas: 1 }, traces: "off", alloy: { enabled: false } },
};
const resolved = (overrides: Parameters<typeof withOverrides>[1]) =>
  resolve(withOverrides(raw, overrides), { stack: "test" });

test("overrides are merged key by key; lists and single values are replaced", () => {
  const { props, workload } = resolved({
    workload: { activeSeries: "400k" },
    components: {
      mimir: { podLabels: { team: "b" }, tolerations: [{ key: "dedicated", operator: "Exists" }] },
      grafana: "off",
    },
  });
  expect(workload).toMatchObject({ activeSeries: 400_000, nodes: 20 });
  expect(props.mimir).toMatchObject({ podLabels: { team: "b", cost: "1" }, replicas: 1 });
  expect(props.mimir?.tolerations).toHaveLength(1);
  expect(props.grafana).toBeUndefined();
});

test("a component that is off stays off with options, until it is turned on; turning one on keeps its options", () => {
  expect(resolved({ components: { traces: { podLabels: { team: "a" } } } }).props.traces).toBeUndefined();
  const on = resolved({ components: { traces: { enabled: true, podLabels: { team: "a" } } } });
  expect(on.props.traces?.podLabels).toEqual({ team: "a" });
  expect(resolved({ components: { pushgateway: { podLabels: { team: "a" } } } }).props.pushgateway).toBeDefined();
  expect(resolved({ components: { alloy: "on" } }).props.alloy).toBeDefined();
});

test("options of one kind are not merged into those of another", () => {
  const file = {
    ...raw,
    objectStorage: { kind: "s3", endpoint: "s3.example.com", region: "eu", identity: { role: "r" } },
    components: { grafana: { host: "g.example.com", route: { kind: "ingress", className: "nginx" } } },
  };
  const route = { kind: "gateway", gateway: { name: "main" } } as const;
  const changed = withOverrides(file, { objectStorage: { kind: "filesystem" }, components: { grafana: { route } } });
  expect(changed).toMatchObject({ objectStorage: { kind: "filesystem" }, components: { grafana: { route } } });
  expect(changed.objectStorage).toEqual({ kind: "filesystem" });
  expect(resolve(changed, { stack: "test" }).props.grafana).toMatchObject({ route });
  expect(withOverrides(file, { objectStorage: { kind: "s3", region: "us" } }).objectStorage).toMatchObject({
    endpoint: "s3.example.com",
    region: "us",
  });
});

test("single retentions are merged into a profile that is only named", () => {
  expect(resolved({ retention: { loki: "14d" } }).retention).toMatchObject({ loki: 14 * 86_400, mimir: 90 * 86_400 });
});

test("undefined values change nothing", () => {
  const none = { scale: undefined, components: { mimir: undefined } } as unknown as Parameters<typeof withOverrides>[1];
  expect(withOverrides(raw, none)).toEqual(raw);
});

test("mistakes in overrides are reported together with those of the file, by the same names", () => {
  const run = () =>
    resolve(withOverrides({ ...raw, scale: "tiny" }, { components: { mimir: { replicas: 0 } } }), { stack: "test" });
  expect(run).toThrow(ConfigurationError);
  expect(run).toThrow(/skopos:scale[\s\S]*skopos:components\.mimir\.replicas/);
});

test("overrides of unknown keys do not compile", () => {
  // @ts-expect-error there is no such option
  const misspelled: Parameters<typeof withOverrides>[1] = { components: { mimir: { replica: 2 } } };
  // @ts-expect-error replicas are a number
  const mistyped: Parameters<typeof withOverrides>[1] = { components: { mimir: { replicas: "two" } } };
  expect([misspelled, mistyped]).toHaveLength(2);
});

test("a whole stack without a file takes the same names, and needs no context", () => {
  const props = observabilityProps({
    cluster: { name: "c", version: "1.36", networkPolicies: false },
    retention: "standard",
    scale: "small",
    availability: "single",
    workload: { scrapeInterval: "15s" },
  });
  expect(props.workload.scrapeIntervalSeconds).toBe(15);
});
