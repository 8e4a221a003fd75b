import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { diffObjects } from "../diff.ts";
import { htmlReport } from "../report/html.ts";
import { prod } from "./prod.ts";
import { scenarios } from "./scenarios.ts";

const browser = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);
if (!browser) console.log("not made: the HTML report in a browser (no Chromium on PATH)");

vi.setConfig({ testTimeout: 600_000 });
const folder = mkdtempSync(join(tmpdir(), "skopos-diff-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The document of a page as the browser has it once its scripts have run. */
function documentOf(page: string, hash = ""): string {
  const file = join(folder, "diff.html");
  writeFileSync(file, page);
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    `--user-data-dir=${join(folder, "profile")}`,
    "--virtual-time-budget=5000",
    "--dump-dom",
  ];
  return spawnSync(browser!, [...flags, `${pathToFileURL(file)}${hash}`], { encoding: "utf8", maxBuffer: 2 ** 28 })
    .stdout;
}

describe.skipIf(!browser)("the HTML report in a browser", () => {
  const after = prod();
  for (const name of ["Mimir keeps less", "a monitor is removed", "queriers grow"]) scenarios[name]!.change(after);
  const page = htmlReport({
    base: "main",
    head: "work tree",
    stacks: [{ stack: "prod", diff: diffObjects(prod(), after) }],
    failed: [],
  });

  test("shows everything folded", () => {
    const dom = documentOf(page);
    expect(dom).toContain("ServiceMonitor observability/loki-distributor is removed");
    expect(dom).not.toMatch(/<details class="item" open/);
    expect(dom).not.toMatch(/class="[^"]*item[^"]*" hidden/);
  });

  test("a search hides the rest, unfolds what it finds, and counts it", () => {
    const dom = documentOf(page, "#q=loki-distributor");
    expect(dom).toMatch(/<output id="count"[^>]*>2 of \d+<\/output>/);
    const details = dom.match(/<details class="item"[^>]*>/g) ?? [];
    expect(details.filter((tag) => tag.includes("open") && !tag.includes("hidden"))).toHaveLength(1);
    expect(details.filter((tag) => tag.includes("hidden"))).toHaveLength(details.length - 1);
  });
});
