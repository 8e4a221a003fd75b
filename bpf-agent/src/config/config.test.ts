import { expect, test } from "vitest";
import { agentConfig } from "./agent-config.ts";
import type { ConfigError, ConfigProblem } from "./config-error.ts";
import { settings } from "./environment.ts";
import { parseConfig } from "./load.ts";
import { printConfig } from "./print.ts";

function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly ConfigProblem[] {
  try {
    parseConfig(text, "agent.yaml", env);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

test("an empty file has every default, and what is printed of it reads as the same", () => {
  const config = parseConfig("", "agent.yaml");
  expect(parseConfig(printConfig(config), "agent.yaml")).toEqual(config);
  expect(agentConfig(config)).toMatchObject({
    reader: { include: ["*"], exclude: ["lo"], flows: 131_072 },
    flows: { recordIntervalMs: 60_000, timeouts: { tcpMs: 20_000, tcpFinMs: 5_000, udpMs: 60_000, icmpMs: 10_000 } },
    export: { endpoints: [{ name: "127.0.0.1:4318", url: "http://127.0.0.1:4318", protocol: "http" }] },
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
    "  endpoints:",
    "    - url: collector:4317",
    "    - {}",
    "    - tls:",
    "        cert: /tls.crt",
    "    - url: http://127.0.0.1:4318/v1/traces",
    "pollers: []",
  ].join("\n");
  expect(problemsOf(text).map(({ path, place }) => `${place} ${path}`)).toEqual([
    "agent.yaml:2 flows.max",
    "agent.yaml:3 flows.pollInterval",
    "agent.yaml:5 flows.timeouts.tpc",
    "agent.yaml:13 pollers",
    "agent.yaml:8 export.endpoints.0.url",
    "agent.yaml:11 export.endpoints.2.tls.cert",
    "agent.yaml:11 export.endpoints.2.tls.cert",
    "agent.yaml:10 export.endpoints.2",
    "agent.yaml:12 export.endpoints.3",
  ]);
  expect(problemsOf("flows: {recordInterval: 2 hours}")[0]?.message).toBe(
    "is not a duration: write 500ms, 20s or 1m30s",
  );
  expect(problemsOf("flows: {recordInterval: 10ms}")[0]?.message).toBe("is out of range: 1s to 60m");
});

test.each([
  ["a: [", /is not YAML/],
  ["a: 1\na: 2", /is not YAML/],
  ["- a", /is wrong/],
  ["filter: {cidrs: {allow: [10.0.0.0/99]}}", /10\.0\.0\.0\/99/],
  ["export: {endpoints: [{url: 'http://me:secret@host'}]}", /^has credentials: (?!.*secret)/],
])("%j is rejected in one line", (text, message) => {
  const [problem, ...others] = problemsOf(text);
  expect(others).toEqual([]);
  expect(problem?.message).toMatch(message);
});

test("every setting can be overridden by a variable", () => {
  const variables = settings().map(({ variable }) => variable);
  expect(variables).toContain("SKOPOS_FLOW_AGENT__FLOWS__TIMEOUTS__TCP_FIN");
  expect(new Set(variables).size).toBe(variables.length);
  const env = {
    SKOPOS_FLOW_AGENT__FLOWS__TIMEOUTS__TCP_FIN: "7s",
    SKOPOS_FLOW_AGENT__FLOWS__MAX: "2048",
    SKOPOS_FLOW_AGENT__INTERFACES__INCLUDE: "[eth*, veth*]",
    SKOPOS_FLOW_AGENT__FILTER__PORTS__DENY: "[tcp/22]",
    SKOPOS_FLOW_AGENT__RESOURCE: "{k8s.cluster.name: prod}",
    // What Kubernetes makes for a Service of this name.
    SKOPOS_FLOW_AGENT_SERVICE_PORT: "9465",
  };
  expect(parseConfig("flows: {max: 4096, pollInterval: 5s}\nfilter: {ports: {allow: [443]}}", "f", env)).toMatchObject({
    flows: { max: 2048, pollInterval: "5s", timeouts: { tcp: "20s", tcpFin: "7s" } },
    interfaces: { include: ["eth*", "veth*"] },
    filter: { ports: { allow: [443], deny: ["tcp/22"] } },
    resource: { "k8s.cluster.name": "prod" },
  });
});

test("a mistake in a variable is named with it, beside those of the file, and without its value", () => {
  const env = {
    SKOPOS_FLOW_AGENT__FLOWS__MAX: "5",
    SKOPOS_FLOW_AGENT__FLOW__MAX: "5",
    SKOPOS_FLOW_AGENT__EXPORT__ENDPOINTS: "[{headers: {Authorization: hunter2",
  };
  const problems = problemsOf("flows: {max: 9999, drops: 1}", env);
  expect(problems.map(({ place, path }) => `${place} ${path}`)).toEqual([
    "SKOPOS_FLOW_AGENT__EXPORT__ENDPOINTS ",
    "SKOPOS_FLOW_AGENT__FLOW__MAX ",
    "SKOPOS_FLOW_AGENT__FLOWS__MAX flows.max",
    "agent.yaml:1 flows.drops",
  ]);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test("what is printed has no secret of a header, and is not taken for one when it is read again", () => {
  const text = "export: {endpoints: [{headers: {X-Api-Key: hunter2, X-Scope-OrgID: flows}}]}";
  const printed = printConfig(parseConfig(text, "f"));
  expect(printed).not.toContain("hunter2");
  expect(printed).toContain("X-Scope-OrgID: flows");
  expect(problemsOf(printed)).toEqual([expect.objectContaining({ path: "export.endpoints.0.headers" })]);
});
