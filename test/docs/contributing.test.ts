// Follows "Adding a component" of CONTRIBUTING.md in a copy of the repository: a component like the Pushgateway, by another name.
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "./markdown.ts";
import { scratchCopy } from "./scratch.ts";

const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
const [, recipe = ""] = /## Adding a component\n([\s\S]*?)\n## /.exec(text) ?? [];
/** Paths that the recipe names, those of a new component with `<name>`. */
const named = [...recipe.matchAll(/`([\w./<>-]+(?:\.ts|\.md|\/))`/g)].map(([, path = ""]) => path);
/** The rooms of a component's folder, in the order of step 1. */
const rooms = named.filter((path) => /^[\w-]+\.ts$|^monitoring\//.test(path));
/** The files that list the components. */
const lists = named.filter(
  (path) => /^(lib|components|stacks)\/.*\.ts$|^\w+\.ts$/.test(path) && existsSync(join(root, path)),
);

/** Another name in every spelling. */
const renamed = (content: string) => content.replaceAll("pushgateway", "echo").replaceAll("Pushgateway", "Echo");

/** A list with every statement about the Pushgateway there twice, the second time under the other name. */
function withEcho(content: string): string {
  const lines = content.split("\n");
  const result: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const block: string[] = [];
    const depth = () => block.join("").split("{").length - block.join("").split("}").length;
    while (at < lines.length && (/pushgateway/i.test(lines[at] as string) || (block.length > 0 && depth() > 0)))
      block.push(lines[at++] as string);
    result.push(...block, ...block.map(renamed));
    if (block.length === 0) result.push(lines[at++] as string);
  }
  return result.join("\n");
}

describe("the recipe of a component", () => {
  test("names every room of one, and every file that knows the components by name", () => {
    const folder = "components/pushgateway";
    const found = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    const own = found.filter((path) => path.endsWith(".ts") && !path.includes(".test."));
    expect(rooms).toEqual(expect.arrayContaining(own));
    const sources = ["lib", "components", "stacks"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
    );
    const known = [...sources, "cdk8s.ts", "pulumi.ts"].filter((path) => /(?<!\.test)\.ts$/.test(path));
    const knowing = known.filter(
      (path) =>
        !/^components\/pushgateway\/|^stacks\/components\/pushgateway\.ts$/.test(path) &&
        /pushgateway/i.test(readFileSync(join(root, path), "utf8")),
    );
    expect(lists).toEqual(expect.arrayContaining(knowing));
  });
});

describe("a component that was added by the recipe", () => {
  const scratch = scratchCopy();
  afterAll(() => scratch.remove());
  const run = (command: string) => {
    const { status, output, stdout } = scratch.run(command);
    expect(status, output).toBe(0);
    return stdout;
  };

  beforeAll(() => {
    const home = run("pwd").trim();
    const copy = (from: string, to: string) => {
      cpSync(join(root, from), join(home, to), { recursive: true, filter: (path) => !path.includes(".test.") });
      const copied = from.includes(".")
        ? [to]
        : readdirSync(join(home, to), { recursive: true, encoding: "utf8" }).map((file) => join(to, file));
      for (const path of copied.filter((each) => /\.(ts|md)$/.test(each)))
        writeFileSync(join(home, path), renamed(readFileSync(join(home, path), "utf8")));
    };
    copy("components/pushgateway", "components/echo");
    for (const path of lists) writeFileSync(join(home, path), withEcho(readFileSync(join(home, path), "utf8")));
    copy("stacks/components/pushgateway.ts", "stacks/components/echo.ts");
    for (const page of readdirSync(join(root, "docs/runbooks")).filter((name) => name.startsWith("Pushgateway")))
      copy(join("docs/runbooks", page), join("docs/runbooks", renamed(page)));
    const stack = join(home, "stacks/Pulumi.dev.yaml");
    appendFileSync(stack, "  skopos:components: { echo: { stale: 2h } }\n");
  });

  test("compiles", () => {
    const include = ["components", "stacks", "cli", "*.ts"];
    writeFileSync(
      join(run("pwd").trim(), "tsconfig.echo.json"),
      JSON.stringify({ extends: "./tsconfig.json", include }),
    );
    run("tsc --noEmit -p tsconfig.echo.json");
  });

  test("is in the generated configuration page, and in what is rendered", () => {
    run("node stacks/generate.ts");
    const home = run("pwd").trim();
    expect(readFileSync(join(home, "docs/configuration.md"), "utf8")).toContain("components.echo.stale");
    run("node cli/main.ts render --stack dev --out manifests");
    const rendered = run("find manifests -path '*echo*' -type f").trim().split("\n");
    const kinds = new Set(rendered.map((path) => path.split("/").at(-1)?.split("-")[0]?.toLowerCase()));
    expect([...kinds].length, rendered.join("\n")).toBeGreaterThan(3);
    expect(dirname(rendered[0] as string)).toContain("20-stack");
  });

  test("passes the policies, and has a row in the plan", () => {
    const { findings } = JSON.parse(run("node cli/main.ts check --stack dev --json || [ $? -eq 1 ]")) as {
      findings: { severity: string }[];
    };
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(run("node cli/main.ts plan --stack dev")).toMatch(/^echo +Deployment echo /m);
  });
});
