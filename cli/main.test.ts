import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

const folder = mkdtempSync(join(tmpdir(), "skopos-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bin = resolve("bin/skopos.mjs");

function skopos(args: readonly string[], cwd = ".") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** Creates a project with one stack file. */
function project(name: string, config: string): string {
  const home = join(folder, name);
  mkdirSync(home);
  writeFileSync(join(home, "Pulumi.dev.yaml"), config);
  return home;
}

describe("an invalid configuration", () => {
  const home = project("wrong", "config:\n  skopos:scale: tiny\n  skopos:retention: standard\n");

  test.each(["render", "plan", "images", "preview"])(
    "makes %s report every problem without a stack trace, and write nothing",
    (command) => {
      const { status, stdout, stderr } = skopos([command], home);
      expect(status).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toContain("SKP1004 skopos:scale");
      expect(stderr).toContain("SKP1003 skopos:cluster");
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(readdirSync(home)).toEqual(["Pulumi.dev.yaml"]);
    },
  );
});

test("reports the line of invalid YAML", () => {
  const home = project("unreadable", "config:\n  skopos:scale: [small\n");
  const { status, stderr } = skopos(["plan"], home);
  expect(status).toBe(1);
  expect(stderr).toMatch(/SKP1005 Pulumi\.dev\.yaml: .+/);
});

test("lists the existing stacks when the stack is unknown", () => {
  const { status, stderr } = skopos(["plan", "--stack", "prdo"]);
  expect(status).toBe(2);
  expect(stderr).toContain("there are dev, prod, staging");
  expect(stderr).toContain("--stack prod");
});

test("render writes one file per object and removes stale files", () => {
  const out = join(folder, "manifests");
  const { status, stdout } = skopos(["render", "--stack", "dev", "--out", out, "--json"]);
  expect(status).toBe(0);
  const { files } = JSON.parse(stdout) as { files: string[] };
  const stale = join(out, "20-stack", "loki", "service-gone.yaml");
  writeFileSync(stale, "kind: Service\n");
  appendFileSync(join(out, ".skopos-inventory"), "20-stack/loki/service-gone.yaml\n");
  skopos(["render", "--stack", "dev", "--out", out]);
  expect(existsSync(stale)).toBe(false);
  for (const file of files.slice(0, 20)) expect(parse(readFileSync(join(out, file), "utf8"))).toHaveProperty("kind");
});

describe("render into a folder from which something was deployed", () => {
  const stack = (series: string) => `config:
  skopos:cluster: { name: c, version: "1.35", networkPolicies: false }
  skopos:retention: ephemeral
  skopos:scale: small
  skopos:availability: single
  skopos:workload: { nodes: 1, activeSeries: ${series} }
`;
  const home = project("growing", stack("20k"));
  const render = (...more: readonly string[]) => skopos(["render", "--out", "out", ...more], home);
  const claimSize = (out = "out") => {
    const file = readdirSync(join(home, out), { recursive: true, encoding: "utf8" }).find((path) =>
      path.endsWith("statefulset-mimir.yaml"),
    );
    const { spec } = parse(readFileSync(join(home, out, file as string), "utf8"));
    return spec.volumeClaimTemplates[0].spec.resources.requests.storage;
  };
  render();
  const before = claimSize();

  test("keeps the sizes of claim templates, says so, and grows everything else", () => {
    writeFileSync(join(home, "Pulumi.dev.yaml"), stack("200k"));
    const { status, stderr } = render();
    expect(status).toBe(0);
    expect(claimSize()).toBe(before);
    expect(stderr).toContain(`StatefulSet mimir: ${before}, and needs `);
    expect(stderr).toContain("npx skopos grow --stack dev");
    const { keptClaims } = JSON.parse(render("--json").stdout) as { keptClaims: { workload: string }[] };
    expect(keptClaims.map(({ workload }) => workload)).toContain("StatefulSet mimir");
  });

  test("keeps the sizes of another folder with --previous, and writes nothing there", () => {
    const { status, stderr } = skopos(["render", "--out", "fresh", "--previous", "out"], home);
    expect(status).toBe(0);
    expect(claimSize("fresh")).toBe(before);
    expect(stderr).toContain(`StatefulSet mimir: ${before}, and needs `);
    skopos(["render", "--out", "unaware"], home);
    expect(claimSize("unaware")).not.toBe(before);
  });

  test.each([
    ["is missing", "nowhere", "was not written by skopos render"],
    ["has other files", ".", "was not written by skopos render"],
    ["holds another stack", "other", "holds stack other: name the folder of dev"],
  ])("rejects a --previous that %s", (_, previous, cause) => {
    writeFileSync(join(home, "Pulumi.other.yaml"), stack("20k").replace("false }", "false, context: c }"));
    skopos(["render", "--stack", "other", "--out", "other"], home);
    const { status, stderr } = skopos(["render", "--out", "never", "--previous", previous], home);
    expect(status).toBe(2);
    expect(stderr).toContain(cause);
    expect(existsSync(join(home, "never"))).toBe(false);
  });

  test("takes the new ones with --resize-claims, and keeps those from then on", () => {
    render("--resize-claims");
    const after = claimSize();
    expect(after).not.toBe(before);
    expect(render().stderr).not.toContain("keep");
    expect(claimSize()).toBe(after);
  });

  test("is not confused by a manifest that is no YAML any more", () => {
    const file = readdirSync(join(home, "out"), { recursive: true, encoding: "utf8" }).find((path) =>
      path.endsWith("statefulset-mimir.yaml"),
    );
    writeFileSync(join(home, "out", file as string), "{{ not yaml");
    expect(render().status).toBe(0);
  });
});

test("plan --json prints nothing but data, and its totals are those of the workloads", () => {
  const { stdout, stderr } = skopos(["plan", "--stack", "staging", "--json"]);
  const { totals, workloads } = JSON.parse(stdout) as {
    totals: Record<string, number>;
    workloads: { memoryBytes: number }[];
  };
  expect(stderr).toBe("");
  expect(totals.memoryBytes).toBe(workloads.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
});

test("images applies the registry map", () => {
  const home = project(
    "mirrored",
    `config:
  skopos:cluster: { name: c, version: "1.35", networkPolicies: false }
  skopos:retention: ephemeral
  skopos:scale: small
  skopos:availability: single
  skopos:images: { registries: { docker.io: mirror.example/docker } }
`,
  );
  const { stdout } = skopos(["images"], home);
  expect(stdout).toContain("mirror.example/docker/grafana/loki:");
  expect(stdout).toContain("quay.io/prometheus/prometheus:");
  expect(stdout).not.toContain("docker.io/");
  const commands = skopos(["images", "--mirror"], home).stdout.trim().split("\n");
  const copies = JSON.parse(skopos(["images", "--mirror", "--json"], home).stdout) as { command: string }[];
  expect(copies.map(({ command }) => command)).toEqual(commands);
  expect(copies[0]).toMatchObject({
    source: expect.stringMatching(/^docker\.io\//),
    target: expect.stringMatching(/^mirror\.example\/docker\//),
  });
  expect(commands.length).toBeGreaterThan(2);
  for (const command of commands)
    expect(command).toMatch(
      /^skopeo copy --all --preserve-digests docker:\/\/docker\.io\/(\S+) docker:\/\/mirror\.example\/docker\/\1$/,
    );
});

test("images --mirror needs a mirror", () => {
  const { status, stderr } = skopos(["images", "--mirror", "--stack", "dev"]);
  expect(status).toBe(2);
  expect(stderr).toContain("skopos:images.registries");
});

test("--version prints the version of the package", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(skopos(["--version"]).stdout).toBe(`${version}\n`);
});

test("a closed pipe is not an error", () => {
  const command = `set -o pipefail; "${process.execPath}" "${bin}" explain | head -c 1`;
  expect(spawnSync("bash", ["-c", command], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
});

describe("an output that cannot be written", () => {
  test.each(["/proc/skopos", "package.json", ".", ""])("%o is reported in one line", (out) => {
    const { status, stdout, stderr } = skopos(["render", "--out", out]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("is JSON with --json", () => {
    const { status, stdout } = skopos(["render", "--out", ".", "--json"]);
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toEqual({ error: expect.stringContaining("the project itself") });
  });
});

test("an invalid configuration is JSON with --json", () => {
  const home = project("wrong-json", "config:\n  skopos:scale: tiny\n");
  const { status, stdout } = skopos(["plan", "--json"], home);
  expect(status).toBe(1);
  const { problems } = JSON.parse(stdout) as { problems: Record<string, string>[] };
  expect(problems.map(({ code }) => code)).toContain("SKP1004");
  for (const problem of problems)
    expect(Object.keys(problem).sort()).toEqual(["code", "fix", "message", "path", "why"]);
});

describe("init", () => {
  const tarball = join(folder, "skopos.tgz");
  writeFileSync(tarball, "");

  test("creates a project whose stack can be planned", () => {
    expect(skopos(["init", "fresh", "--from", tarball], folder).status).toBe(0);
    const { status, stdout } = skopos(["plan"], join(folder, "fresh"));
    expect(status).toBe(0);
    expect(stdout).toContain("StatefulSet mimir");
  });

  test("writes a project that names its Node.js, its schema and a workflow", () => {
    const home = join(folder, "fresh");
    const read = (file: string) => readFileSync(join(home, file), "utf8");
    expect(read("Pulumi.dev.yaml")).toMatch(
      /^# yaml-language-server: \$schema=node_modules\/skopos\/stacks\/schema\.json\n/,
    );
    expect(existsSync("stacks/schema.json")).toBe(true);
    const { jobs } = parse(read(".github/workflows/observability.yaml"));
    const { engines } = JSON.parse(read("package.json"));
    const node = jobs.check.steps.find(({ uses = "" }) => uses.startsWith("actions/setup-node")).with["node-version"];
    expect(`>=${node}`).toBe(engines.node);
    expect(read("README.md")).toContain(`Node.js ${engines.node.replace(">=", ">= ")}`);
    expect(JSON.parse(read("tsconfig.json")).compilerOptions.strict).toBe(true);
  });

  test("makes a valid package name of any folder", () => {
    expect(skopos(["init", "My Stack (prod)", "--from", tarball], folder).status).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "My Stack (prod)", "package.json"), "utf8")).name).toBe(
      "my-stack-prod",
    );
  });

  test("does not overwrite existing files", () => {
    const { status, stderr } = skopos(["init", "fresh", "--from", tarball], folder);
    expect(status).toBe(2);
    expect(stderr).toContain("nothing was written");
  });
});

test("explain describes a code, suggests one for a typo, and names the list for all else", () => {
  expect(skopos(["explain", "skp1203"]).stdout).toContain("Tail sampling on several gateways");
  expect(skopos(["explain", "SKP9203"])).toEqual({
    status: 2,
    stdout: "",
    stderr: "unknown code: SKP9203; did you mean SKP1203?\n",
  });
  const { status, stdout, stderr } = skopos(["explain", "XYZ", "--json"]);
  expect([status, stderr]).toEqual([2, ""]);
  expect(JSON.parse(stdout)).toEqual({ error: 'unknown code: XYZ; run "skopos explain" to list every code' });
});

test("one minimum version of Node.js is stated everywhere", () => {
  const { engines } = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
  const oldest = engines.node.replace(">=", "");
  const manifests = globSync(["package.json", "*/package.json"]).filter((file) => !file.startsWith("node_modules"));
  expect(manifests.length).toBeGreaterThan(3);
  for (const file of manifests) {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as { private?: boolean; engines?: { node: string } };
    // What is not published runs on the pinned Node.js.
    if (!manifest.private) expect(manifest.engines?.node, file).toBe(engines.node);
  }
  // Documentation and workflows name no other version as the oldest.
  for (const file of globSync(["*.md", "docs/*.md", "{metrics,bpf-agent}/*.md", ".github/workflows/*.yaml"])) {
    const text = readFileSync(file, "utf8");
    const stated = [...text.matchAll(/(?:Node(?:\.js)? ?>= ?v?|node-version: *["']?)(\d+(?:\.\d+)*)/g)];
    for (const [sentence, version] of stated) expect([file, sentence, version]).toEqual([file, sentence, oldest]);
  }
  for (const file of ["README.md", "bin/skopos.mjs", "toolchain/node-version.mjs"])
    expect(readFileSync(file, "utf8"), file).toMatch(new RegExp(`Node(\\.js)? >= ${oldest.replace(".", "\\.")}`));
  const [major, minor] = oldest.split(".");
  for (const file of ["bin/skopos.mjs", "toolchain/node-version.mjs"]) {
    const text = readFileSync(file, "utf8");
    expect(text, file).toMatch(new RegExp(`major (<|>) ${major}`));
    expect(text, file).toMatch(new RegExp(`minor (<|>=) ${minor}\\b`));
  }
  expect(readFileSync("cli/commands/init.ts", "utf8")).toContain(`const oldestNode = "${oldest}"`);
});

test("on an old Node, the command says what it needs: it first imports only what Node 18 has", () => {
  const names = [...readFileSync("bin/skopos.mjs", "utf8").matchAll(/^import \{ (.*) \} from "node:/gm)];
  expect(names.flatMap(([, list = ""]) => list.split(", ")).sort()).toEqual([
    "dirname",
    "existsSync",
    "fileURLToPath",
    "join",
  ]);
});
