// Wears the registry for hours' worth of churn: npm run soak -w metrics [-- SHARE], SHARE of it being 1 unless said. Prints one line per case; the figures are in docs/design.md.
import { fork } from "node:child_process";
import { once } from "node:events";
import { churnGauge, churnOwnRegistries, churnRegistries, churnSeries, type SoakResult } from "./churn.ts";

const cases: Readonly<Record<string, readonly [churn: (times: number) => Promise<SoakResult>, times: number]>> = {
  "label sets through 1,000 live series": [churnSeries, 50_000_000],
  "scrapes of a gauge of 1,000 series that is reset and set again": [churnGauge, 20_000],
  "prom-client registries of 20 gauges, dropped": [churnRegistries, 100_000],
  "registries of 20 gauges, dropped": [churnOwnRegistries, 100_000],
};

const [share = "1", only] = process.argv.slice(2);
if (only !== undefined) {
  const [churn, all] = cases[only]!;
  const times = Math.round(all * Number(share));
  const { firstPerSecond, lastPerSecond, firstBytes, lastBytes, wrong } = await churn(times);
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  const figures = [times, Math.round(firstPerSecond), Math.round(lastPerSecond), mb(firstBytes), mb(lastBytes), wrong];
  console.log(`| ${[only, ...figures].join(" | ")} |`);
  process.exit(wrong > 0 ? 1 : 0);
}
console.log(
  "| case | times | per second, at first | at last | MB, at first | at last | wrong |\n|---|---:|---:|---:|---:|---:|---:|",
);
for (const name of Object.keys(cases)) {
  const [code] = (await once(fork(import.meta.filename, [share, name]), "exit")) as [number];
  if (code !== 0) process.exitCode = 1;
}
