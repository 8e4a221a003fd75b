import { expect, test } from "vitest";
import { least } from "../test/support/rejected-stacks.ts";
import { ConfigurationError } from "./problem.ts";
import { resolve } from "./resolve.ts";

function problems(extra: object): readonly string[] {
  try {
    resolve({ ...least, extra }, { stack: "s" });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).not.toContain("hunter2");
    return error.problems.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

test("headers of remote writes are harmless ones without secrets", () => {
  const headers = {
    Authorization: "Bearer hunter2",
    "x-vendor": "hunter2",
    "X-Scope-OrgID": "team-a",
    "user-agent": "Bearer hunter2",
    "THANOS-TENANT": "a",
  };
  expect(problems({ remoteWrites: [{ name: "a", url: "https://a.example.com", headers }] })).toEqual(
    ["Authorization", "x-vendor", "user-agent"].map((name) => `SKP1010 skopos:extra.remoteWrites[0].headers.${name}`),
  );
});

test("parameters of scrapes are no secrets", () => {
  const params = { module: ["http_2xx"], token: ["hunter2"], "api-key": ["hunter2"], "match[]": ['{job="a"}'] };
  const spec = { staticConfigs: [{ targets: ["vm:9100"] }], params };
  expect(problems({ scrapes: [{ name: "a", spec }] })).toEqual(
    ["token", "api-key"].map((name) => `SKP1010 skopos:extra.scrapes[0].spec.params.${name}`),
  );
});
