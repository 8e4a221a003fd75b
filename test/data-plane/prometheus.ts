import { execFileSync } from "node:child_process";
import { parse, stringify } from "yaml";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { requireProgram } from "./process.ts";

/** The configuration that the operator's own code makes from the Prometheus resource and the monitors of some charts. */
export function operatedConfig(...charts: readonly ComponentChart[]): string {
  const input = charts
    .flatMap((chart) => chart.toJson())
    .filter(({ kind }) => /^(Prometheus|ServiceMonitor|PodMonitor|ScrapeConfig|Secret)$/.test(kind))
    .map((object) => JSON.stringify(object))
    .join("\n---\n");
  return execFileSync(requireProgram("prometheus-config"), [], { input, encoding: "utf8", maxBuffer: 1 << 26 });
}

/** Where one Prometheus stands in a test. */
export interface PrometheusPlacement {
  /** What the config reloader puts in for `$(POD_NAME)` and `$(SHARD)`. */
  readonly pod: string;
  readonly shard: number;
  /** Scrape pool that is kept, with the targets that it finds; the labels are those that its discovery would give. */
  readonly job: string;
  readonly targets: readonly string[];
  readonly discovered: Readonly<Record<string, string>>;
}

/**
 * A configuration of the operator as it can run outside a cluster. All that is changed:
 * - the pod's variables are put in, as the config reloader does
 * - one scrape pool is kept, its discovery replaced by a list of targets; its relabeling stays, the shards' too
 * - nothing is sent to an Alertmanager
 * - it scrapes every second
 */
export function offCluster(config: string, at: PrometheusPlacement): string {
  const text = config.replaceAll("$(POD_NAME)", at.pod).replaceAll("$(SHARD)", String(at.shard));
  const parsed = parse(text);
  delete parsed.alerting;
  Object.assign(parsed.global, { scrape_interval: "1s", scrape_timeout: "1s" });
  parsed.scrape_configs = parsed.scrape_configs
    .filter(({ job_name }: { job_name: string }) => job_name === at.job)
    .map(({ kubernetes_sd_configs: _, ...rest }: Record<string, unknown>) => ({
      ...rest,
      static_configs: [{ targets: at.targets, labels: at.discovered }],
    }));
  return stringify(parsed, { lineWidth: 0 });
}
