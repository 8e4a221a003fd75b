import type { ObjectChange } from "../model/changes.ts";
import { compareText } from "../model/object.ts";
import { alertMeaning } from "./alerts.ts";
import { dashboardMeaning } from "./dashboards.ts";
import { areas, type Meaning, type MeaningOptions, type Reader, severities } from "./meaning.ts";
import { networkMeaning } from "./network.ts";
import { privilegeMeaning } from "./privileges.ts";
import { retentionMeaning } from "./retention.ts";
import { scaleMeaning } from "./scale.ts";
import { labelMeaning, scrapeMeaning } from "./scraping.ts";
import { limitMeaning, samplingMeaning } from "./settings.ts";
import { apiMeaning, imageMeaning } from "./versions.ts";

const readers: readonly Reader[] = [
  alertMeaning,
  retentionMeaning,
  samplingMeaning,
  scrapeMeaning,
  labelMeaning,
  limitMeaning,
  scaleMeaning,
  networkMeaning,
  privilegeMeaning,
  imageMeaning,
  apiMeaning,
  dashboardMeaning,
];

/** What the changes of a diff mean, the most severe first, then by area. */
export function meaningOf(changes: readonly ObjectChange[], options: MeaningOptions = {}): readonly Meaning[] {
  return readers
    .flatMap((reader) => [...reader(changes, options)])
    .sort(
      (a, b) =>
        severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
        areas.indexOf(a.area) - areas.indexOf(b.area) ||
        compareText(a.text, b.text),
    );
}

export type { Meaning, MeaningOptions } from "./meaning.ts";
