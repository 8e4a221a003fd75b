import { expect, test } from "vitest";
import { diffObjects } from "../diff.ts";
import type { Manifest } from "../model/object.ts";
import { namesSecret } from "../model/secrets.ts";
import { htmlReport } from "../report/html.ts";
import { jsonReport } from "../report/json.ts";
import { markdownReport } from "../report/markdown.ts";
import type { Report } from "../report/report.ts";
import { textReport } from "../report/text.ts";

/** Values planted where people put secrets: none may appear in any report, nor its length. */
const planted = (version: string): Readonly<Record<string, string>> => ({
  secretData: Buffer.from(`s3cr3t-data-${version}`).toString("base64"),
  secretString: `s3cr3t-string-${version}`,
  configPassword: `s3cr3t-config-${version}`,
  jsonToken: `s3cr3t-json-${version}`,
  iniPassword: `s3cr3t-ini-${version}`,
  urlPassword: `s3cr3t-url-${version}`,
  envValue: `s3cr3t-env-${version}`,
  bearer: `s3cr3tbearer${version}abcdef`,
  slack: `T0000/B0000/s3cr3tslack${version}`,
  key: `s3cr3tkey${version}MIIEvQIBADANBg`,
  aws: `AKIA${version.padEnd(16, "S").toUpperCase().slice(0, 16)}`,
  annotation: `s3cr3t-annotation-${version}`,
  alloy: `s3cr3t-alloy-${version}`,
  arg: `s3cr3t-arg-${version}`,
});

function objects(version: string): Manifest[] {
  const value = planted(version);
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "s",
        namespace: "n",
        annotations: {
          "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({
            stringData: { password: value.annotation },
          }),
        },
      },
      data: { password: value.secretData, [`only-${version}`]: value.secretData },
      stringData: { "config.yaml": `anything: ${value.secretString}\n` },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c", namespace: "n" },
      data: {
        "config.yaml": `version: "${version}"\ns3:\n  secret_access_key: ${value.configPassword}\n  url: https://user:${value.urlPassword}@example.com/x\nheaders:\n  Authorization: Bearer ${value.bearer}\n`,
        "receivers.json": JSON.stringify({
          version,
          api_token: value.jsonToken,
          url: `https://hooks.slack.com/services/${value.slack}`,
        }),
        "grafana.ini": `[database]\nversion = ${version}\npassword = ${value.iniPassword}\n`,
        "config.alloy": `version = "${version}"\nbasic_auth {\n  password = "${value.alloy}"\n}\n`,
        "tls.pem": `-----BEGIN PRIVATE KEY-----\n${value.key}\n-----END PRIVATE KEY-----\n`,
        notes: `the key is ${value.aws}`,
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d", namespace: "n" },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: "main",
                args: [`--version=${version}`, `--api-token=${value.arg}`],
                env: [
                  { name: "DB_PASSWORD", value: value.envValue },
                  { name: "VERSION", value: version },
                ],
              },
            ],
          },
        },
      },
    },
  ];
}

function reports(before: readonly Manifest[], after: readonly Manifest[]): Readonly<Record<string, string>> {
  const report: Report = { base: "base", head: "head", stacks: [{ diff: diffObjects(before, after) }], failed: [] };
  return {
    json: jsonReport(report),
    text: textReport(report),
    markdown: markdownReport(report),
    html: htmlReport(report),
  };
}

test.each([
  ["changed", objects("one"), objects("two")],
  ["added", [], objects("two")],
  ["removed", objects("one"), []],
])("no report of %s objects holds a planted secret", (_, before, after) => {
  const secrets = [...Object.values(planted("one")), ...Object.values(planted("two"))];
  for (const [format, text] of Object.entries(reports(before, after))) {
    expect(
      secrets.filter((secret) => text.includes(secret)),
      format,
    ).toEqual([]);
    expect(text, format).not.toContain("s3cr3t");
  }
});

test("a changed secret is seen to change, an unchanged one is not listed", () => {
  const { json } = reports(objects("one"), objects("two"));
  expect(json).toMatch(/"path": "data\.password",\s+"change": "changed",\s+"before": "<secret [0-9a-f]{10}>"/);
  const [secret] = objects("one");
  const relabelled = { ...secret!, metadata: { ...secret!.metadata, labels: { team: "a" } } };
  expect(reports([secret!], [relabelled]).text).not.toContain("data.password");
});

test("marks differ from run to run: they cannot be looked up", () => {
  const marks = () => /<secret [0-9a-f]{10}>/.exec(reports(objects("one"), objects("two")).json!)![0];
  expect(marks()).not.toBe(marks());
});

test.each([
  "password",
  "secret_access_key",
  "apiKey",
  "client_secret",
  "GF_DATABASE_PASSWORD",
  "bearer_token",
  "routing_key",
  "sasToken",
])("%s holds a secret", (name) => expect(namesSecret(name)).toBe(true));

test.each([
  "secretName",
  "secretKeyRef",
  "passwordFile",
  "tokens_file_path",
  "num_tokens",
  "sort_key",
  "credentialsFile",
  "key",
  "author",
])("%s holds none", (name) => expect(namesSecret(name)).toBe(false));
