import { type MetricsServer, type Registry, serve } from "@skopos/metrics";
import type { AgentConfig } from "../config/agent-config.ts";

/** How long the ingest thread may be silent before the agent counts as stuck, in milliseconds, beside two scans. */
const SILENCE_MS = 30_000;

/** What the probes know of the pipeline. */
export class Health {
  readonly #pollMs: number;
  #scans = 0;
  #heard = performance.now();
  #problems: readonly string[] = [];
  /** Whether the metadata of pods is complete. @default true: nothing is decorated */
  synced: () => boolean = () => true;

  /** @param pollMs time between two scans */
  constructor(pollMs: number) {
    this.#pollMs = pollMs;
  }

  /** A scan has finished. @returns problems of interfaces that are new */
  scanned(problems: readonly string[]): string[] {
    const fresh = problems.filter((problem) => !this.#problems.includes(problem));
    this.#scans++;
    this.#heard = performance.now();
    this.#problems = problems;
    return fresh;
  }

  /**
   * Serves metrics and probes. Live: scans go on. Started: the first scan has finished. Ready: both, every interface is attached as
   * intended, and metadata is complete.
   */
  serve(registry: Registry, { host, port }: AgentConfig["server"]): Promise<MetricsServer> {
    const scans = () => performance.now() - this.#heard < SILENCE_MS + 2 * this.#pollMs;
    const started = () => this.#scans > 0;
    return serve(registry, {
      host,
      port,
      health: {
        live: { scans },
        startup: { started },
        ready: { scans, started, interfaces: () => this.#problems.length === 0, kubernetes: () => this.synced() },
        paths: { live: "/livez", ready: "/readyz", startup: "/startup" },
      },
    });
  }
}
