import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordedLabels } from "../../lib/monitoring/catalogues/index.ts";

const unrecordedPath = join(import.meta.dirname, "unrecorded.generated.json");

/**
 * Series that queries ask for and no recorded program exposes. The list only shrinks: `npm run catalogues` takes off it what is
 * recorded by now, and never adds a name.
 */
export const unrecordedSeries: readonly string[] = JSON.parse(readFileSync(unrecordedPath, "utf8"));

/** The list without what is recorded, as the file holds it. */
const shrunkList = (): string =>
  `${JSON.stringify(
    unrecordedSeries.filter((name) => recordedLabels(name) === undefined),
    null,
    2,
  )}\n`;

const notPublished = (program: string) => `${program} is in no registry that the tests may build it from`;

/** Why series are not recorded, by their names. */
const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(alloy|loki_write)_/, notPublished("Grafana Alloy")],
  [/^grafana_/, notPublished("Grafana")],
  [/^tempo(db)?_/, notPublished("Tempo")],
  [/^push_/, notPublished("the Pushgateway")],
  [/^memcached_/, notPublished("the exporter of memcached")],
  [/^kube_cronjob_status_last_successful_time$/, "it begins with the first Job of a CronJob that succeeded"],
];

/** Why a series is not recorded, or undefined where no reason is known. */
export const reasonFor = (series: string): string | undefined => reasons.find(([pattern]) => pattern.test(series))?.[1];

if (import.meta.main) writeFileSync(unrecordedPath, shrunkList());
