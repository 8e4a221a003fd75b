import { expect, test } from "vitest";
import { least } from "../test/support/rejected-stacks.ts";
import { prerequisites } from "./prerequisites.ts";
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

test("targets of scrapes are addresses, and URLs have no credentials", () => {
  const scrape = (spec: object) => problems({ scrapes: [{ name: "a", spec }] });
  const at = "skopos:extra.scrapes[0].spec";
  const targets = ["vm:9100", "[fd00::1]:9100", "http://vm:9100", "vm:99999"];
  expect(scrape({ staticConfigs: [{ targets }] })).toEqual(
    [2, 3].map((index) => `SKP1012 ${at}.staticConfigs[0].targets[${index}]`),
  );
  const relabelings = [{ targetLabel: "__address__", replacement: "prober:9115" }];
  expect(scrape({ staticConfigs: [{ targets: ["https://shop.example.com/"] }], relabelings })).toEqual([]);
  const urls = ["https://a.example.com/?env=prod", "https://a.example.com/#a", "https://me:hunter2@a.example.com"];
  expect(scrape({ httpSDConfigs: urls.map((url) => ({ url })) })).toEqual(
    [1, 2].map((index) => `SKP1012 ${at}.httpSDConfigs[${index}].url`),
  );
  expect(scrape({})).toEqual([`SKP1015 ${at}`]);
  expect(scrape({ staticConfigs: [] })).toEqual([`SKP1015 ${at}`]);
});

test("Secrets that scrapes select are prerequisites, and certificates come from files", () => {
  const spec = {
    staticConfigs: [{ targets: ["vm:9100"], labels: { name: "label", key: "label" } }],
    basicAuth: { username: { name: "vm", key: "user" }, password: { name: "vm", key: "password" } },
    tlsConfig: {
      ca: { configMap: { name: "map", key: "ca.crt" } },
      cert: { secret: { name: "vm-tls", key: "tls.crt" } },
    },
  };
  const extra = { scrapes: [{ name: "a", spec }], certificateAuthorities: [{ secret: "ca", key: "ca.crt" }] };
  const found = prerequisites(resolve({ ...least, extra }, { stack: "s" }));
  const commands = found
    .map(({ command }) => command)
    .filter((command) => /generic (vm|vm-tls|map|label|ca) /.test(command));
  expect(commands.map((command) => command.replace(/ -n \S+/, ""))).toEqual(
    expect.arrayContaining([
      "kubectl create secret generic vm --from-literal=user=... --from-literal=password=...",
      "kubectl create secret generic vm-tls --from-file=tls.crt=...",
      "kubectl create secret generic ca --from-file=ca.crt=...",
    ]),
  );
  expect(commands.join()).not.toMatch(/generic (map|label) /);
});
