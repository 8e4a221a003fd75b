import { isKnownLater, type Port, parseHostPort, portOf } from "../../../lib/formats/index.ts";
import {
  anywhere,
  type ComponentChart,
  type Manifest,
  monitorLabels,
  type Pods,
  schemaError,
} from "../../../lib/kubernetes/index.ts";
import { alreadyExists, type Finding, rejectedObject, removeItem } from "../../../lib/sizing/index.ts";

/** Targets beside those of the monitors: outside of the cluster, or found by a service discovery. */
export interface AdditionalScrape {
  /** Name of the ScrapeConfig. */
  readonly name: string;
  /**
   * What is scraped, and how.
   * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.ScrapeConfigSpec
   */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Ports that network policies admit beside those of static targets and of URLs: those of discovered targets. @default none */
  readonly ports?: readonly number[];
}

const manifestOf = (chart: string, { name, spec }: AdditionalScrape): Manifest & { spec: object } => ({
  apiVersion: "monitoring.coreos.com/v1alpha1",
  kind: "ScrapeConfig",
  metadata: { name: `${chart}-${name}` },
  spec,
});

/** Ports that a scrape connects to. */
function portsOf({ spec, ports = [] }: AdditionalScrape): readonly Port[] {
  const otherwise = String(spec.scheme ?? "http").toLowerCase() === "https" ? 443 : 80;
  const found: Port[] = [...ports];
  const walk = (value: unknown, key: string): void => {
    if (Array.isArray(value)) for (const each of value) walk(each, key);
    else if (value !== null && typeof value === "object")
      for (const [name, each] of Object.entries(value)) walk(each, name);
    else if (typeof value !== "string") return;
    else if (key === "targets") found.push(portOf(value, otherwise));
    else if (/^(url|server|host|apiServer|endpoint)$/.test(key)) {
      if (isKnownLater(value) || /^https?:/.test(value) || parseHostPort(value)) found.push(portOf(value, 443));
    }
  };
  walk(spec, "");
  return [...new Set(found)];
}

/** Finds scrapes that the API server rejects, or whose targets network policies would deny. */
export function validateScrapes(scrapes: readonly AdditionalScrape[]): readonly Finding[] {
  return scrapes.flatMap((scrape, index): readonly Finding[] => {
    const at = `additionalScrapes[${index}]`;
    const error = schemaError(manifestOf("metrics", scrape));
    const found: Finding[] =
      error === undefined ? [] : [rejectedObject(`${at}.spec`, `ScrapeConfig ${scrape.name}`, error)];
    if (scrapes.findIndex(({ name }) => name === scrape.name) < index)
      found.push(alreadyExists(at, `scrape ${scrape.name}`, removeItem(index)));
    return found;
  });
}

/** Adds the ScrapeConfigs, with connections to their targets, wherever they are. */
export function addScrapes(chart: ComponentChart, prometheus: Pods, scrapes: readonly AdditionalScrape[]): void {
  for (const scrape of scrapes) {
    const { metadata, ...manifest } = manifestOf(chart.name, scrape);
    chart.add({ ...manifest, metadata: chart.metadata(metadata.name, "prometheus", monitorLabels(chart)) });
    const ports = portsOf(scrape);
    if (ports.length > 0) chart.connects(prometheus, anywhere, ports, `scrape: ${scrape.name}`);
  }
}
