import { expect, test } from "vitest";
import { stringify } from "yaml";
import { type ConfigError, type ConfigProblem, parseConfig } from "./load.ts";
import { agentConfig } from "./schema.ts";

function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    parseConfig(text, "agent.yaml");
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

test("an empty file has every default, and what is printed of it reads as the same", () => {
  const config = parseConfig("", "agent.yaml");
  expect(parseConfig(stringify(config), "agent.yaml")).toEqual(config);
  expect(agentConfig(config)).toMatchObject({
    reader: { include: ["*"], exclude: ["lo"], flows: 131_072 },
    flows: { recordIntervalMs: 60_000, timeouts: { tcpMs: 20_000, tcpFinMs: 5_000, udpMs: 60_000, icmpMs: 10_000 } },
    export: { otlp: { endpoint: "http://127.0.0.1:4318" } },
    server: { host: "127.0.0.1" },
  });
});

test("durations are read", () => {
  expect(agentConfig(parseConfig("flows: {recordInterval: 1m30s}", "f")).flows.recordIntervalMs).toBe(90_000);
});

test("every mistake is named at once, with its line", () => {
  const text = [
    "flows:",
    "  max: 5",
    "  pollInterval: 2",
    "  timeouts:",
    "    tpc: 5s",
    "export:",
    "  endpoint: collector:4317",
    "pollers: []",
  ].join("\n");
  expect(problemsOf(text).map(({ path, line }) => `${line} ${path}`)).toEqual([
    "2 flows.max",
    "3 flows.pollInterval",
    "5 flows.timeouts.tpc",
    "8 pollers",
    "7 export.endpoint",
  ]);
  expect(problemsOf("flows: {recordInterval: 2 hours}")[0]?.message).toBe("is no duration: write 500ms, 20s or 1m30s");
  expect(problemsOf("flows: {recordInterval: 10ms}")[0]?.message).toBe("is out of range: 1s to 60m");
});

test.each([
  ["a: [", /is not YAML/],
  ["a: 1\na: 2", /is not YAML/],
  ["- a", /is wrong/],
  ["filter: {cidrs: {allow: [10.0.0.0/99]}}", /10\.0\.0\.0\/99/],
])("%j is refused in one line", (text, message) => {
  const [problem, ...others] = problemsOf(text);
  expect(others).toEqual([]);
  expect(problem?.message).toMatch(message);
});
