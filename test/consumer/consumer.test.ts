import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { makeProject, run } from "./project.ts";

const project = mkdtempSync(join(tmpdir(), "skopos-consumer-"));
afterAll(() => rmSync(project, { recursive: true }));

beforeAll(() => makeProject(project, ["pulumi-program.ts", "cdk8s-app.ts", "gateway.ts", "metrics-service.ts"]));

describe("an empty project that installs the packed tarball", () => {
  test("type-checks a Pulumi program and a cdk8s app against the published declarations", async () => {
    expect(await run(process.execPath, ["node_modules/typescript/bin/tsc"], project)).toBe("");
  });

  test("runs the Pulumi program", async () => {
    const types = (await run(process.execPath, ["pulumi-program.ts"], project)).trim().split("\n");
    expect(types).toContain("skopos:index:OtelGateway");
    expect(types).toContain("kubernetes:apps/v1:StatefulSet");
  });

  test("runs the cdk8s app", async () => {
    const printed = await run(process.execPath, ["cdk8s-app.ts"], project);
    expect(printed).toMatch(/http:\/\/own-loki-push-\w+\.logging\.svc:80\/otlp/);
    const documents = parseAllDocuments(printed);
    const kinds = documents.map((document) => (document.toJS() as { kind: string }).kind);
    expect(kinds).toEqual(expect.arrayContaining(["StatefulSet", "DaemonSet", "ServiceMonitor"]));
  });

  test("runs the service that counts", async () => {
    const scraped = await run(process.execPath, ["metrics-service.ts"], project);
    expect(scraped).toContain('http_requests_total{method="GET"} 1');
  });

  test("has the skopos command", async () => {
    expect(
      await run(process.execPath, ["node_modules/skopos/bin/skopos.mjs", "explain", "SKP1203"], project),
    ).toContain("SKP1203");
  });
});
