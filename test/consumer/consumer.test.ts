import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { stackNames } from "../../stacks/load.ts";
import { makeProject, run } from "./project.ts";

const project = mkdtempSync(join(tmpdir(), "skopos-consumer-"));
afterAll(() => rmSync(project, { recursive: true }));

beforeAll(() => makeProject(project, readdirSync("test/consumer/programs")));

describe("an empty project that installs the packed tarball", () => {
  test("type-checks a Pulumi program and a cdk8s app against the published declarations", async () => {
    expect(await run(process.execPath, ["node_modules/typescript/bin/tsc"], project)).toBe("");
  });

  test("runs the Pulumi program", async () => {
    const types = (await run(process.execPath, ["pulumi-program.ts"], project)).trim().split("\n");
    expect(types).toContain("skopos:index:OtelGateway");
    expect(types).toContain("kubernetes:apps/v1:StatefulSet");
  });

  test("runs a whole stack with overrides and transforms, whose endpoints an application gets", async () => {
    const printed = JSON.parse(await run(process.execPath, ["whole-stack.ts"], project));
    expect(printed.series).toBe(400_000);
    expect(printed.application).toEqual({
      push: "http://mimir.observability.svc.cluster.local:8080/api/v1/push",
      logs: "loki is loki.observability.svc.cluster.local",
    });
    expect(printed.grafana).toEqual([true, true]);
    expect(printed.traces).toEqual([]);
  });

  test("runs a component of the consumer's own, with monitor, rules and dashboard", async () => {
    expect(JSON.parse(await run(process.execPath, ["own-monitoring.ts"], project))).toEqual({
      shop: ["shop-configmap-dashboard-shop-orders", "shop-prometheusrule-shop", "shop-servicemonitor-shop"],
      title: "Orders",
    });
  });

  test("checks a whole stack with the policies", async () => {
    expect(await run(process.execPath, ["policies.ts"], project)).toBe("boolean true function\n");
    expect(await run(process.execPath, ["policy-pack.mjs"], project)).toBe("true true\n");
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

describe("the project that init creates", () => {
  const home = join(project, "made");
  const tarball = () => join(project, readdirSync(project).find((file) => /^skopos-\d.*\.tgz$/.test(file)) ?? "");
  const shell = (command: string, env: Readonly<Record<string, string>> = {}) =>
    run("env", [...Object.entries(env).map(([key, value]) => `${key}=${value}`), "bash", "-ec", command], home);
  const oldest = () =>
    (parse(readFileSync(join(home, "package.json"), "utf8")) as { engines: { node: string } }).engines.node.replace(
      ">=",
      "",
    );

  test("installs, and passes its own workflow on the oldest Node.js that it supports", async () => {
    await run(process.execPath, ["node_modules/skopos/bin/skopos.mjs", "init", home, "--from", tarball()], project);
    for (const name of stackNames("examples"))
      copyFileSync(`examples/Pulumi.${name}.yaml`, join(home, `Pulumi.${name}.yaml`));
    const { jobs } = parse(readFileSync(join(home, ".github/workflows/observability.yaml"), "utf8")) as {
      jobs: { check: { steps: { run?: string }[] } };
    };
    const commands = jobs.check.steps.flatMap(({ run: command }) => command ?? []);
    expect(commands[0]).toMatch(/^npm install /);
    await shell(`${commands[0]} --prefer-offline --no-audit --no-fund`);
    // As a pull request against main sees it.
    await shell(
      "git init -q -b main . && git add . && git -c user.name=t -c user.email=t@example.com commit -qm one && git update-ref refs/remotes/origin/main HEAD",
    );
    await shell(
      `npm install --no-save --ignore-scripts --prefer-offline --no-audit --no-fund node-linux-${process.arch}@${oldest()}.0`,
    );
    const node = join(home, `node_modules/node-linux-${process.arch}/bin`);
    const path = { PATH: `${node}:${process.env.PATH}`, GITHUB_BASE_REF: "main", GITHUB_STEP_SUMMARY: "summary.md" };
    expect((await shell("node --version", path)).trim()).toBe(`v${oldest()}.0`);
    for (const command of commands.slice(1)) await shell(command, path);
    expect(existsSync(join(home, "summary.md"))).toBe(true);
  });

  test.each(stackNames("examples"))("checks and renders the stack %s", async (name) => {
    const node = join(home, `node_modules/node-linux-${process.arch}/bin`);
    const path = { PATH: `${node}:${process.env.PATH}` };
    // Exit code 1 says that there are warnings: the examples leave the address of the runbooks to the reader.
    const { findings } = JSON.parse(await shell(`npx skopos check --stack ${name} --json || [ $? -eq 1 ]`, path));
    expect(findings.filter(({ severity }: { severity: string }) => severity === "error")).toEqual([]);
    const out = `clusters/${name}`;
    await shell(`npx skopos render --stack ${name} --out ${out}`, path);
    expect(readdirSync(join(home, out, "20-stack")).length).toBeGreaterThan(5);
    expect(JSON.parse(await shell(`npx skopos plan --stack ${name} --json`, path)).totals.series).toBeGreaterThan(1000);
  });
});
