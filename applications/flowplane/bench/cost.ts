/** What the metrics cost, beside what the source of their design expects: memory, bytes of a page, traffic of a day. */
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { formatFor, Registry, Renderer } from "@skopos/metrics";
import { flowplaneMetrics, prescribedNames } from "../src/catalogue.ts";
import { resourceTypes } from "../src/resources.ts";

const { values } = parseArgs({ options: { json: { type: "boolean" } } });

/** What the design of the metrics expects of 1,000 series that are scraped every 10 seconds: upper ends of its ranges. */
const expected = { megabytes: 5, perSeries: 100, pageKilobytes: 50, dayMegabytes: 86 } as const;
const SCRAPES_A_DAY = 24 * 360;

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function report(name: string, unit: string, ours: number, peer: number | null): void {
  const rounded = Number(ours.toPrecision(4));
  const ratio = peer === null ? null : Number((peer / ours).toPrecision(3));
  const line = { suite: "flowplane", case: name, unit, ours: rounded, peer, peerName: peer && "expected", ratio };
  console.log(
    values.json
      ? JSON.stringify(line)
      : `${name}: ${rounded} ${unit}${peer === null ? "" : ` (expected ${peer}, ratio ${ratio})`}`,
  );
}

const before = memory();
const registry = new Registry({ exceptions: prescribedNames, ownMetrics: false });
const metrics = registry.register(flowplaneMetrics(false));
const renderer = new Renderer(registry);
const empty = memory();

/** 100 teams of three types, and attempts between pairs of teams up to the number of series. */
function fill(series: number): void {
  let made = 0;
  const teams = Array.from({ length: 100 }, (_, i) => `team-${i}`);
  for (const team of teams)
    for (const type of resourceTypes) {
      metrics.teamResources.set({ resource_type: type, team }, 7);
      made++;
    }
  for (const from of teams)
    for (const to of teams)
      for (const type of resourceTypes) {
        if (from === to || made >= series) continue;
        metrics.crossTeam.inc({ from_team: from, to_team: to, resource_type: type });
        made++;
      }
}

for (const series of [300, 1_000, 10_000]) {
  fill(series);
  const page = renderer.render(formatFor("text"));
  const used = memory();
  const thousand = series === 1_000;
  report(
    `registry with ${series} series and a scraped page`,
    "MB",
    (used - before) / 1e6,
    thousand ? expected.megabytes : null,
  );
  report(`memory per series, of ${series}`, "B", (used - empty) / series, thousand ? expected.perSeries : null);
  report(`page of ${series} series`, "kB", page.length / 1e3, thousand ? expected.pageKilobytes : null);
  const day = (bytes: number) => (bytes * SCRAPES_A_DAY) / 1e6;
  const expectedDay = thousand ? expected.dayMegabytes : null;
  report(`traffic of a day, ${series} series`, "MB", day(page.length), expectedDay);
  report("the same compressed, as Prometheus asks for it", "MB", day(gzipSync(page).length), expectedDay);
}
